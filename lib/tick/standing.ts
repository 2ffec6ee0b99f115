import type { CachedShard } from './cache.ts';
import type { TickContext } from './context.ts';
import type { ShardResult } from './result.ts';

/** Adds to what a tick did in a shard how far that is from the ends of what the service keeps. */
export type Standing = (result: ShardResult) => ShardResult;

const ENDED: ReadonlySet<ShardResult['stopped']> = new Set(['caughtUp', 'done']);

/**
 * Asks where the shard ends, beside the work on it and if it was behind before: so a shard that is read up in each tick costs no request.
 * Whoever measures waits for nothing; without an answer by the end, the lag is known in time only.
 */
export function standingOf(context: TickContext, shard: string, at: CachedShard): Standing {
  const { source, budget, retention } = context;
  let end: string | undefined;
  const isBehind = (at.lag?.ms ?? 0) > 0 || at.pending !== undefined;
  if (isBehind && source.distance !== undefined) {
    source.cursorAt(shard, { at: 'end' }, budget.work).then(
      (cursor) => {
        end = cursor;
      },
      (error: unknown) => context.logger.debug('lag.unknown', { shard, error }),
    );
  }
  return (result) => {
    const { stopped, lagMs, cursor = at.cursor } = result;
    const left = end === undefined ? undefined : source.distance?.(cursor, end);
    const lagPositions = ENDED.has(stopped) ? 0 : left && Math.max(0, left);
    const keptMs = retention?.of(shard);
    const retentionLeftMs = keptMs === undefined || lagMs === undefined ? undefined : keptMs - lagMs;
    return {
      ...result,
      ...(lagPositions !== undefined && { lagPositions }),
      ...(retentionLeftMs !== undefined && { retentionLeftMs }),
    };
  };
}
