import type { CachedShard } from './cache.ts';
import type { ShardOutcome, TickContext } from './context.ts';

/** What the service is told of a shard: where its checkpoint is, and whether that is its end. */
export const mirroredWord = ({ cursor, state }: Pick<CachedShard, 'cursor' | 'state'>): string =>
  `${cursor} ${state}`;

/** What became of checkpoints that were brought to the service; what did not get there is logged. */
type Told = 'committed' | 'notOwner' | 'failed';

/** Brings checkpoints to the service, together: after ours, and fenced by its own notion of the owner, where it has one. */
export async function tellProvider(
  { provider, slot, budget, logger }: TickContext,
  checkpoints: ReadonlyMap<string, string>,
): Promise<Map<string, Told>> {
  const told = new Map<string, Told>();
  if (provider === undefined || checkpoints.size === 0) return told;
  const answers = await provider.commit(slot, checkpoints, budget.requests);
  for (const shard of checkpoints.keys()) {
    const answer = answers.get(shard);
    if (answer === 'notOwner') logger.warn('provider.notOwner', { shard });
    else if (answer !== 'committed') logger.warn('checkpoint.notMirrored', { shard, error: answer?.error });
    told.set(shard, typeof answer === 'string' ? answer : 'failed');
  }
  return told;
}

/**
 * Brings the checkpoints of a tick to the service, so that its console shows them, its official consumers go on there, and
 * finished shards are released.
 */
export async function mirror(
  context: TickContext,
  outcomes: readonly ShardOutcome[],
): Promise<ShardOutcome[]> {
  if (context.provider === undefined) return [...outcomes];
  const news = new Map<string, string>();
  for (const { result, remember } of outcomes) {
    if (remember !== undefined && remember.mirrored !== mirroredWord(remember))
      news.set(result.shard, remember.cursor);
  }
  const told = await tellProvider(context, news);
  return outcomes.map((outcome) => {
    const { result, remember } = outcome;
    const answer = told.get(result.shard);
    if (answer === 'notOwner') return { result: { ...result, stopped: 'lost' }, remember: undefined };
    // Ours is what counts; where it failed, the next tick tries again.
    if (answer === 'committed') remember!.mirrored = mirroredWord(remember!);
    return outcome;
  });
}

/** The service's checkpoint, if it is further on than ours: then others have had the shard. */
export async function checkpointBeyond(
  context: TickContext,
  shard: string,
  cursor: string,
): Promise<string | undefined> {
  const theirs = (await context.providerCheckpoints()).get(shard);
  return theirs !== undefined && (context.source.distance?.(cursor, theirs) ?? 0) > 0 ? theirs : undefined;
}

/**
 * Whether bringing ours would only take others back. Asked of services that would let it: who tells that a slot was dropped
 * refuses its commits as well.
 */
export async function isPassedAtProvider(
  context: TickContext,
  shard: string,
  cursor: string,
): Promise<boolean> {
  if (context.provider?.tellsDropped !== false) return false;
  return (await checkpointBeyond(context, shard, cursor)) !== undefined;
}
