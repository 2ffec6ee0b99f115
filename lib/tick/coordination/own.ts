import type { Coordination } from './coordination.ts';

/** Our planner assigns the shards: the answer to the heartbeat is the assignment, and nobody else needs to know anything. */
export const ownCoordination: Coordination = {
  kind: 'own',
  join: async () => {},
  forTick: ({ source, settings, consumer }) => ({
    assignment: async (cache) => ({
      consumer,
      known: cache?.shards ?? new Map(),
      unassigned: undefined,
    }),
    planning: () => ({ stream: source, strategy: settings.strategy, assigns: true }),
    holdsChildrenBack: true,
    isAheadOfPlans: false,
    reconcile: async (_shard, at) => at,
    publish: async (outcomes) => [...outcomes],
  }),
};
