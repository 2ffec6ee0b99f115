import { type UserFunctionOptions, userFunctionsOf } from './userFunctions.ts';
import type { EachBatch } from './userModule.ts';

/** The user's function for a tick that knows no more than whether it throws: a record that is named fails the whole batch. */
export function userFunctionOf(module: unknown, options: UserFunctionOptions = {}): EachBatch {
  const { deliver } = userFunctionsOf(module, options);
  return async (batch, context) => {
    const delivered = await deliver(batch, context);
    if (delivered.how !== 'succeeded') throw delivered.error;
  };
}
