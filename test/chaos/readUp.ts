import { createPatience, shardsBehind } from '../../local/run/finish.ts';
import type { Theatre } from './events.ts';

const LOOK_MS = 100;
/** Longer than everything a group may have to wait for: sessions, deadlines, plans, generations of shards. */
const PATIENCE_INTERVALS = 60;

/**
 * Waits until the group has read the whole stream: the table's checkpoints stand at the end of every shard, and every
 * closed one is done. Throws if nothing moves any more.
 */
export async function untilReadUp(theatre: Theatre): Promise<void> {
  const { clock, times, signal } = theatre;
  const isStuck = createPatience(PATIENCE_INTERVALS * times.intervalMs);
  while (true) {
    const { behind, progress } = await look(theatre);
    if (behind.length === 0) return;
    if (isStuck(clock.now(), progress)) {
      throw new Error(
        `nothing moved for ${PATIENCE_INTERVALS} intervals, and shards ${behind} are not read up`,
      );
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

async function look({ stage, signal }: Theatre): Promise<{ behind: string[]; progress: string }> {
  const { shards } = await stage.store.readAll({ consistent: true, signal });
  const committed = new Map([...shards].map(([id, { cursor }]) => [id, cursor]));
  const notDone = stage.closedShards().filter((id) => shards.get(id)?.state !== 'done');
  const behind = new Set([...shardsBehind(stage.endCursors(), committed), ...notDone]);
  const progress = JSON.stringify(
    [...shards].map(([id, { cursor, state, owner, step }]) => [id, cursor, state, owner, step]),
  );
  return { behind: [...behind], progress };
}

/** Waits until the group is there and has taken its first shards. */
export async function untilBegun({ stage, clock, times, signal }: Theatre): Promise<void> {
  const until = clock.now() + PATIENCE_INTERVALS * times.intervalMs;
  while (clock.now() < until) {
    const { shards } = await stage.store.readAll({ consistent: true, signal });
    if ([...shards.values()].some(({ owner }) => owner !== undefined)) return;
    await clock.sleep(LOOK_MS, signal);
  }
  throw new Error(`no shard was taken within ${PATIENCE_INTERVALS} intervals`);
}
