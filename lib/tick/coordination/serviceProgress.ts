import { commit } from '../../group/commit.ts';
import type { CachedShard } from '../cache.ts';
import type { ShardOutcome, TickContext } from '../context.ts';
import type { ServiceCheckpoints } from './serviceCheckpoints.ts';

/** What the service has of a shard: where its checkpoint is, and whether that is its end. */
const markOf = ({ cursor, state }: CachedShard): string => `${cursor} ${state}`;

/** Whether the service is known to have the shard's checkpoint already. */
export const isPublished = (at: CachedShard | undefined): boolean =>
  at !== undefined && at.published === markOf(at);

/** Publishes the news of a tick. */
export async function publishOutcomes(
  checkpoints: ServiceCheckpoints,
  outcomes: readonly ShardOutcome[],
): Promise<ShardOutcome[]> {
  const news = outcomes.flatMap(({ result: { shard }, remember }) =>
    remember === undefined || isPublished(remember) ? [] : [{ shard, ...remember }],
  );
  const published = await checkpoints.publish(news);
  return outcomes.map((outcome) => {
    const { result, remember } = outcome;
    const answer = published.get(result.shard);
    if (answer === 'notOwner') return { result: { ...result, stopped: 'lost' }, remember: undefined };
    // Ours is what counts; where it failed, the next tick tries again.
    if (answer !== 'committed' || remember === undefined) return outcome;
    return { result, remember: { ...remember, published: markOf(remember) } };
  });
}

interface Read {
  shard: string;
  at: CachedShard;
  sought: boolean;
}

/** Once the service's checkpoint and ours agree, where to read on. Undefined: not in this tick. */
export function reconcile(
  context: TickContext,
  checkpoints: ServiceCheckpoints,
  read: Read,
): Promise<CachedShard | undefined> {
  return read.sought ? publishSought(checkpoints, read) : adoptTheirs(context, checkpoints, read);
}

/**
 * What an operator sought is where to go on, whatever the service says. It is published before anything is read: once something is
 * committed, nobody knows any more that the service's checkpoint, further on, is not to be adopted. From then on the service's
 * counts again, as others may read on from there.
 */
async function publishSought(
  checkpoints: ServiceCheckpoints,
  { shard, at }: Read,
): Promise<CachedShard | undefined> {
  const published = await checkpoints.publish([{ shard, ...at, sought: true }]);
  return published.get(shard) === 'committed' ? { ...at, published: markOf(at) } : undefined;
}

/**
 * A shard that an official consumer had in between is taken over where that one committed last, if that is further on.
 * (Where our own checkpoint is further on, it could not be published.)
 */
async function adoptTheirs(
  context: TickContext,
  checkpoints: ServiceCheckpoints,
  { shard, at }: Read,
): Promise<CachedShard | undefined> {
  const { store, slot, budget, logger } = context;
  const { epoch, cursor, step } = at;
  const to = await checkpoints.beyond(shard, cursor);
  if (to === undefined || (await isEmptyAt(context, shard, to))) return at;
  const progress = { to, done: false, lagMs: undefined };
  if (!(await commit(store, { shard, slot, epoch, cursor, step }, progress, { signal: budget.requests }))) {
    return undefined;
  }
  logger.info('shard.takenOver', { shard, from: cursor, to });
  return { ...at, cursor: to, pending: undefined, step: undefined };
}

/**
 * A service may tell of an empty shard where it ends, whether anybody has committed that or not. Then what lies before is past the
 * retention: the pull at our own checkpoint says so, and goes on at the same place.
 */
async function isEmptyAt({ source, budget }: TickContext, shard: string, cursor: string): Promise<boolean> {
  if ((await source.cursorAt(shard, { at: 'begin' }, budget.work)) !== cursor) return false;
  return (await source.cursorAt(shard, { at: 'end' }, budget.work)) === cursor;
}
