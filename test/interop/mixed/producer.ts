import { setTimeout as sleep } from 'node:timers/promises';

const RECORDS_PER_GROUP = 3;
/** So that all that takes part keeps up, on a machine that has other work to do. */
const PAUSE_MS = 40;

export interface Producer extends AsyncDisposable {
  /** Puts no more. Answers with how many records there are. */
  stop(): Promise<number>;
}

/** Puts records of these numbers together, into the shard whose turn it is. */
export type Put = (turn: number, numbers: readonly number[]) => Promise<void>;

/** Puts numbered records, one group after another, over all shards in turn, until it is stopped. */
export function startProducer(put: Put): Producer {
  let stopped = false;
  let records = 0;
  const produced = (async () => {
    for (let turn = 0; !stopped; turn += 1) {
      await put(
        turn,
        Array.from({ length: RECORDS_PER_GROUP }, (_, index) => records + index),
      );
      records += RECORDS_PER_GROUP;
      await sleep(PAUSE_MS);
    }
  })();
  // Whoever stops it is told.
  produced.catch(() => {});
  const stop = async (): Promise<number> => {
    stopped = true;
    await produced;
    return records;
  };
  return {
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop().catch(() => {});
    },
  };
}
