import type { CachedShard } from './cache.ts';
import type { ShardOutcome, TickRun } from './run.ts';

/** What the service is told of a shard: where its checkpoint is, and whether that is its end. */
export const mirroredWord = ({ cursor, state }: Pick<CachedShard, 'cursor' | 'state'>): string =>
  `${cursor} ${state}`;

/**
 * Brings the checkpoints of a tick to the service, together, so that its console shows them, its official consumers go on there,
 * and finished shards are released. After ours, and fenced by the service's own notion of the owner, where it has one.
 */
export async function mirror(run: TickRun, outcomes: readonly ShardOutcome[]): Promise<ShardOutcome[]> {
  const { provider, slot, budget, logger } = run;
  if (provider === undefined) return [...outcomes];
  const news = new Map<string, CachedShard>();
  for (const { result, remember } of outcomes) {
    if (remember !== undefined && remember.mirrored !== mirroredWord(remember))
      news.set(result.shard, remember);
  }
  if (news.size === 0) return [...outcomes];
  const checkpoints = new Map([...news].map(([shard, { cursor }]) => [shard, cursor]));
  const answers = await provider.commit(slot, checkpoints, budget.requests);
  return outcomes.map((outcome) => {
    const { shard } = outcome.result;
    const remember = news.get(shard);
    const answer = answers.get(shard);
    if (remember === undefined) return outcome;
    if (answer === 'notOwner') {
      logger.warn('provider.notOwner', { shard });
      return { result: { ...outcome.result, stopped: 'lost' }, remember: undefined };
    }
    if (answer === 'committed') remember.mirrored = mirroredWord(remember);
    // Ours is what counts; the next tick tries again.
    else logger.warn('checkpoint.notMirrored', { shard, error: answer?.error });
    return outcome;
  });
}

/**
 * Whether the service's checkpoint is further on than ours: then others have had the shard, and ours would only take them back.
 * Asked of services that would let it: who tells that a slot was dropped refuses its commits as well.
 */
export async function isPassedAtProvider(run: TickRun, shard: string, cursor: string): Promise<boolean> {
  if (run.provider?.tellsDropped !== false) return false;
  const theirs = (await run.providerCheckpoints()).get(shard);
  return theirs !== undefined && (run.source.distance?.(cursor, theirs) ?? 0) > 0;
}
