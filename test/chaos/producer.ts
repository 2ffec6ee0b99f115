import { createHash } from 'node:crypto';
import type { Clock } from '../../lib/runtime.ts';
import type { Dice } from '../../local/faults/dice.ts';
import { CONTENT_FIELD, LINE_FIELD } from '../../local/run/record.ts';
import type { Account } from './account.ts';
import { POISON } from './poison.ts';
import type { Stage } from './stage.ts';

const KEYS = 40;
const RECORDS_MAX = 20;
const CONTENT_BYTES_MAX = 400;
const PAUSE_MS_MAX = 30;
/** Of the records, those that kill whoever is given them. Each costs some ticks. */
const POISON_SHARE = 1 / 3_000;
/** Records that may wait to be consumed: enough for a backlog in every shard, and the run's end does not take for ever. */
const BACKLOG_MAX = 3_000;
const BACKLOG_PAUSE_MS = 100;

export interface Producer {
  /** Ends production; rejects if it had failed. */
  stop(): Promise<void>;
}

/**
 * Puts records of many keys into the stream all the time, one log group after the other: so records of one key, and of
 * one shard, have the order of their lines. A key always has the same hash key, hence the shard that holds it.
 */
export function startProducer(options: {
  stage: Stage;
  account: Account;
  dice: Dice;
  clock: Clock;
  /** Production failed; `stop` rejects with the same error. */
  onFailure(error: unknown): void;
}): Producer {
  const { stage, account, dice, clock, onFailure } = options;
  const keys = Array.from({ length: KEYS }, (_, index) => `key-${index}`);
  const over = new AbortController();

  const putSome = async (): Promise<void> => {
    const key = dice.pick(keys);
    const logs = Array.from({ length: dice.between(1, RECORDS_MAX) }, () => {
      const isPoison = dice.chance(POISON_SHARE);
      const begin = isPoison ? dice.pick(POISON) : key;
      const content = Buffer.from(`${begin} ${'x'.repeat(dice.between(0, CONTENT_BYTES_MAX))}`);
      const line = account.produced(key, content, isPoison);
      return { timeMs: clock.now(), fields: { [LINE_FIELD]: String(line), [CONTENT_FIELD]: content } };
    });
    const hashKey = createHash('md5').update(key).digest('hex');
    // Never aborted: what the account counts as put must be put.
    await stage.put(hashKey, logs, new AbortController().signal);
  };
  const produce = async (): Promise<void> => {
    while (!over.signal.aborted) {
      // Not out yet is what would be lost if the run ended now.
      const full = account.totals().lost > BACKLOG_MAX;
      if (!full) await putSome();
      const pauseMs = full ? BACKLOG_PAUSE_MS : dice.between(0, PAUSE_MS_MAX);
      await clock.sleep(pauseMs, over.signal).catch(() => {});
    }
  };
  const producing = produce();
  producing.catch(onFailure);
  return {
    stop: () => {
      over.abort();
      return producing;
    },
  };
}
