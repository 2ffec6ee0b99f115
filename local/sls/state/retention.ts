import { dropBefore } from '../../service/log.ts';
import { type Logstore, TTL_DAYS_MAX } from './logstore.ts';
import type { Shard } from './shard.ts';
import { forget, type SlsState } from './state.ts';

const DAY_SEC = 86_400;

/**
 * Lets go of what is older than the logstore's ttl, by the time at which the service received it (API reference,
 * GetCursor: what can be consumed are the last `ttl` days of server time). A readonly shard goes with its data ("Manage
 * shards", automatic deletion); when exactly is not documented: here as soon as it has been readonly for a whole ttl, so
 * that an empty one does not vanish at once, and a shard never before those that it continues.
 *
 * To be called before anything else is done with the logstore; looks at it at most once a second.
 */
export function expire(state: SlsState, logstore: Logstore, nowMs: number): void {
  const nowSec = Math.floor(nowMs / 1000);
  if (nowSec === logstore.expiredAtSec) return;
  logstore.expiredAtSec = nowSec;
  const { ttlDays } = logstore.settings;
  if (ttlDays === TTL_DAYS_MAX) return;

  // What was received exactly a ttl ago is old enough.
  const keptFromSec = nowSec - ttlDays * DAY_SEC + 1;
  const dropped = logstore.shards.flatMap((shard) => dropBefore(shard, keptFromSec));
  forget(state, dropped);
  const isOver = (shard: Shard): boolean =>
    shard.closedAtSec !== undefined && shard.closedAtSec < keptFromSec && shard.groups.length === 0;
  const over = logstore.shards.filter(isOver);
  if (dropped.length === 0 && over.length === 0) return;
  logstore.shards.splice(0, Number.POSITIVE_INFINITY, ...logstore.shards.filter((shard) => !isOver(shard)));
  state.storage.expired(logstore, over);
}
