import { tailLedger } from '../../local/run/ledger.ts';
import type { Account } from './account.ts';

/** Reads what the sandboxes note in their ledger into the account. */
export interface Follower extends AsyncDisposable {
  /** Takes in what is there by now, and then calls `then`. */
  takeIn(then?: () => void): Promise<void>;
}

const TAKE_IN_MS = 100;

export async function followLedger(
  file: string,
  account: Account,
  onFailure: (error: unknown) => void,
): Promise<Follower> {
  const ledger = await tailLedger(file);
  // One reading after the other: an interruption explains what was delivered before it, and nothing after.
  let reading = Promise.resolve();
  const takeIn: Follower['takeIn'] = (then = () => {}) => {
    reading = reading
      .then(async () => {
        for (const entry of await ledger.read()) account.delivered(entry);
        then();
      })
      .catch(onFailure);
    return reading;
  };
  const timer = setInterval(takeIn, TAKE_IN_MS);
  return {
    takeIn,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await reading;
      await ledger.close();
    },
  };
}
