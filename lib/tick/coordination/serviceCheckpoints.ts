import { type Holding, settleSought } from '../../group/commit.ts';
import type { ServiceGroup } from '../../sources/serviceGroup.ts';
import type { TickContext } from '../context.ts';

/** The checkpoints in the service's own group, beside ours in the table, in one tick. */
export interface ServiceCheckpoints {
  /** The service's, if it is further on than ours: then others have had the shard. */
  beyond(shard: string, cursor: string): Promise<string | undefined>;
  /**
   * Whether publishing ours would only take others back. Asked of services that would let it: who reports that a slot was dropped
   * refuses its commits as well.
   */
  isPassed(shard: string, cursor: string): Promise<boolean>;
  /**
   * Publishes ours, together, and fenced by the service's own notion of the owner, where it has one: so that its console shows
   * them, its official consumers go on there, and finished shards are released. What did not get there is logged.
   */
  publish(holdings: readonly Publishable[]): Promise<ReadonlyMap<string, Published>>;
}

/** `sought`: an operator moved it. That is noted as settled once the service has it. */
export type Publishable = Pick<Holding, 'shard' | 'cursor' | 'epoch' | 'step'> & {
  sought?: boolean | undefined;
};

/** `lost`: it got there, but the shard has changed hands in the table meanwhile. */
export type Published = 'committed' | 'notOwner' | 'failed' | 'lost';

export function createCheckpoints(context: TickContext, group: ServiceGroup): ServiceCheckpoints {
  const { source, slot, store, budget, logger } = context;
  const signal = budget.requests;
  let asked: Promise<ReadonlyMap<string, string>> | undefined;

  const beyond = async (shard: string, cursor: string): Promise<string | undefined> => {
    // Once in a tick.
    asked ??= group.checkpoints(signal);
    const theirs = (await asked).get(shard);
    return theirs !== undefined && (source.distance?.(cursor, theirs) ?? 0) > 0 ? theirs : undefined;
  };

  const settle = async ({ shard, cursor, epoch, step, sought }: Publishable): Promise<Published> => {
    const isSettled =
      !sought || (await settleSought(store, { shard, slot, epoch, cursor, step }, { signal }));
    return isSettled ? 'committed' : 'lost';
  };

  return {
    beyond,
    isPassed: async (shard, cursor) => !group.reportsDropped && (await beyond(shard, cursor)) !== undefined,
    async publish(holdings) {
      const published = new Map<string, Published>();
      if (holdings.length === 0) return published;
      const cursors = new Map(holdings.map(({ shard, cursor }) => [shard, cursor]));
      const answers = await group.commit(slot, cursors, signal);
      for (const holding of holdings) {
        const { shard } = holding;
        const answer = answers.get(shard);
        if (answer === 'committed') published.set(shard, await settle(holding));
        else if (answer === 'notOwner') {
          logger.warn('service.notOwner', { shard });
          published.set(shard, answer);
        } else {
          logger.warn('checkpoint.notPublished', { shard, error: answer?.error });
          published.set(shard, 'failed');
        }
      }
      return published;
    },
  };
}
