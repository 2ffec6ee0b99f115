import type { UserFunctions } from './delivered.ts';
import { deliverBatches } from './eachBatch.ts';
import { deliverRecords } from './eachRecord.ts';
import { exportedOf } from './exported.ts';

/** How the user's functions are called. */
export interface UserFunctionOptions {
  /** For how many records of a batch `eachRecord` is called at a time; one, unless set. */
  recordsParallelMax?: number;
}

/**
 * The user's module as a tick calls it, whatever the module's form. Throws a SettingsError that says what is exported, for one
 * without the user's function, with two of them, or with anything else than a function beside it.
 */
export function userFunctionsOf(module: unknown, options: UserFunctionOptions = {}): UserFunctions {
  const { recordsParallelMax: parallelMax = 1 } = options;
  const { eachBatch, eachRecord, key, ...extras } = exportedOf(module);
  const deliver =
    eachRecord === undefined ? deliverBatches(eachBatch) : deliverRecords(eachRecord, { parallelMax, key });
  return { deliver, ...extras };
}
