import { keepAssigned } from '../../group/adopted.ts';
import type { Stream } from '../../group/planning.ts';
import type { ServiceGroup } from '../../sources/serviceGroup.ts';
import type { Source } from '../../sources/source.ts';
import type { Coordination } from './coordination.ts';
import { type Adopted, hasChanged, takeAssignment } from './serviceAssignment.ts';
import { createCheckpoints } from './serviceCheckpoints.ts';
import { publishOutcomes, reconcile } from './serviceProgress.ts';

/** The consumer group of the log service assigns the shards; see decision 006. */
export function serviceCoordination(group: ServiceGroup): Coordination {
  return {
    kind: 'service',
    join: (signal) => group.join(signal),
    forTick(context) {
      const checkpoints = createCheckpoints(context, group);
      let adopted: Adopted | undefined;
      return {
        async assignment(cache) {
          adopted = await takeAssignment(context, { group, checkpoints }, cache);
          return adopted;
        },
        hasChanged: async () => adopted !== undefined && hasChanged(context, group, adopted),
        planning: () => ({
          stream: startingAtCheckpoints(context.source, group),
          strategy: keepAssigned,
          assigns: false,
        }),
        // The service does, or nobody can: the parents' items tell nothing of what official consumers have finished.
        holdsChildrenBack: false,
        isAheadOfPlans: true,
        reconcile: (shard, at, sought) => reconcile(context, checkpoints, { shard, at, sought }),
        publish: (outcomes) => publishOutcomes(checkpoints, outcomes),
      };
    },
  };
}

/** A group that official consumers have read so far is taken over where they are. */
function startingAtCheckpoints(source: Source, group: ServiceGroup): Stream {
  let checkpoints: Promise<Map<string, string>> | undefined;
  return {
    listShards: (signal) => source.listShards(signal),
    ...(source.listStreams !== undefined && { listStreams: (signal) => source.listStreams!(signal) }),
    async cursorAt(shard, position, signal) {
      checkpoints ??= group.checkpoints(signal);
      return (await checkpoints).get(shard) ?? source.cursorAt(shard, position, signal);
    },
  };
}
