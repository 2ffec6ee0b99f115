import type { Deliver } from '../../../lib/delivery/delivered.ts';
import { deliverBatches } from '../../../lib/delivery/eachBatch.ts';
import { deliverRecords } from '../../../lib/delivery/eachRecord.ts';
import type { BatchContext, FailedRecords } from '../../../lib/delivery/userModule.ts';
import type { LogRecord } from '../../../lib/sources/source.ts';
import { type Circumstances, type Course, courseOf } from '../../simulation/user/course.ts';
import type { Poisons } from '../../simulation/user/poison.ts';
import type { ManualClock } from '../../support/clock.ts';
import type { Ledger } from './ledger.ts';
import type { Life } from './life.ts';

export interface UserOptions extends Circumstances {
  readonly clock: ManualClock;
  readonly ledger: Ledger;
  readonly poisons: Poisons;
  /** Records of different keys that it takes at a time, where it takes records. */
  readonly recordsParallelMax: number;
}

/** The user's function as one tick calls it: by batches or by records, and not always well. */
export function createUser(options: UserOptions, life: Life): Deliver {
  const { scenario, recordsParallelMax: parallelMax, poisons, ledger, clock } = options;
  const placeOf = (record: LogRecord) => ledger.entry(record.get('content')!);
  const keyOf = (record: LogRecord): string => {
    const { shard, index } = placeOf(record);
    return String(poisons.keyOf(shard, index));
  };

  /** Time passes for all, and only while nothing else of the tick is under way. */
  const spend = async (ms: number, { signal, remainingMs }: BatchContext): Promise<void> => {
    await life.calm();
    clock.advance(Math.min(Math.round(ms), remainingMs()));
    await new Promise(setImmediate);
    signal.throwIfAborted();
  };
  const follow = async (
    { ends, at, afterMs }: Course,
    context: BatchContext,
  ): Promise<FailedRecords | undefined> => {
    await spend(afterMs, context);
    if (ends === 'hangs') await spend(Number.POSITIVE_INFINITY, context);
    if (ends === 'exits' || ends === 'loops') return life.exit();
    if (ends === 'throws') throw new Error(`the function throws at ${at}`);
    if (ends === 'names') return { failed: [at], error: new Error(`the function names ${at}`) };
    return undefined;
  };

  if (scenario.habits.takes === 'batches') {
    return deliverBatches(async (batch, context) => {
      const positions = Array.from(batch.records, (record) => placeOf(record).index);
      return (await follow(courseOf(options, batch.shard, positions), context)) ?? { failed: [] };
    });
  }
  return (batch, context) => {
    const done = new Set<string>();
    const records = [...batch.records];
    const eachRecord = async (record: LogRecord): Promise<void> => {
      const { content, shard, index } = placeOf(record);
      const isLater = (other: LogRecord): boolean => parallelMax === 1 || keyOf(other) === keyOf(record);
      for (const other of records.slice(0, index - placeOf(records[0]!).index)) {
        if (!isLater(other) || done.has(placeOf(other).content)) continue;
        ledger.fail(`${content} of ${shard} is begun before ${placeOf(other).content}, which is of its key`);
      }
      const outcome = await follow(courseOf(options, shard, [index]), context);
      if (outcome !== undefined) throw outcome.error;
      done.add(content);
    };
    return deliverRecords(eachRecord, { parallelMax, key: keyOf })(batch, context);
  };
}
