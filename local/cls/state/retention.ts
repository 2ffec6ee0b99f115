import { dropBefore } from '../../service/log.ts';
import type { Partition } from './partition.ts';
import { type ClsState, forget } from './state.ts';
import { FOREVER_DAYS, type Topic } from './topic.ts';

const DAY_SEC = 86_400;

/**
 * Lets go of what is older than the topic keeps it (`Period`), by the time at which the service received it. A readonly
 * partition stays readable and goes with its data; when exactly is not documented: here as soon as it has been readonly
 * for a whole period, so that an empty one does not vanish at once.
 *
 * To be called before anything else is done with the topic; looks at it at most once a second.
 */
export function expire(state: ClsState, topic: Topic, nowMs: number): void {
  const nowSec = Math.floor(nowMs / 1000);
  if (nowSec === topic.expiredAtSec) return;
  topic.expiredAtSec = nowSec;
  const { retentionDays } = topic.settings;
  if (retentionDays === FOREVER_DAYS) return;

  // What was received exactly a period ago is old enough.
  const keptFromSec = nowSec - retentionDays * DAY_SEC + 1;
  const dropped = topic.partitions.flatMap((partition) => dropBefore(partition, keptFromSec));
  forget(state, dropped);
  const isOver = ({ closedAtSec, groups }: Partition): boolean =>
    closedAtSec !== undefined && closedAtSec < keptFromSec && groups.length === 0;
  const over = topic.partitions.filter(isOver);
  if (dropped.length === 0 && over.length === 0) return;
  const kept = topic.partitions.filter((partition) => !isOver(partition));
  topic.partitions.splice(0, Number.POSITIVE_INFINITY, ...kept);
  state.storage.expired(topic, over);
}
