import { expect, it } from 'vitest';
import { remedyFor } from '../../cli/remedies.ts';
import { readOperation } from '../../lib/config/operate.ts';
import { StoreError } from '../../lib/errors.ts';

const failed = (message: string, code = 'FunctionFailed') =>
  new StoreError(`the function f: ${message}`, { code, outcome: 'unknown', retriable: false });

it('a function of an older version, which refuses the event, is to be deployed anew', () => {
  const refused = (): string => {
    try {
      readOperation({ operate: { whatIsNew: {} } });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(remedyFor(failed(refused()))).toMatch(/^it does not know what it is asked: deploy it/);
  expect(remedyFor(failed('event.slot: missing'))).toMatch(/deploy it/);
  expect(remedyFor(failed('no such event.operate'))).toBeUndefined();
  expect(remedyFor(failed('RequestId: 1 Error: Task timed out after 3.00 seconds'))).toMatch(/in time/);
});
