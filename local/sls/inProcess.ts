import type { Clock } from '../../lib/runtime.ts';
import { endOf } from '../service/log.ts';
import { type ShardView, viewOf } from './handlers/shards.ts';
import { encodeCursor } from './state/cursor.ts';
import { type Logstore, mergeShards, splitShard } from './state/logstore.ts';
import { expire } from './state/retention.ts';
import type { Shard } from './state/shard.ts';
import { addLogstore, addProject, logstoreOf, projectOf, type SlsState } from './state/state.ts';

/** What a program does with a service that it started itself: as the API does it, without a signature or quotas. */
export interface InProcess {
  /** Logstores by project, each with its shards; of what was kept from before as well. */
  contents(): Record<string, Record<string, ShardView[]>>;
  createProject(name: string): void;
  createLogstore(project: string, name: string, settings?: { shards?: number; ttlDays?: number }): void;
  /** The position of the next group to be put, by shard. */
  endCursors(project: string, logstore: string): Record<string, string>;
  /** The closed shard, then the new ones. In two halves unless told otherwise. */
  split(
    project: string,
    logstore: string,
    shard: number,
    by?: { key: string } | { count: number },
  ): ShardView[];
  /** With the right neighbour. The new shard, then the closed ones. */
  merge(project: string, logstore: string, shard: number): ShardView[];
}

export function createInProcess(
  state: SlsState,
  { clock, shards: shardsOtherwise = 2 }: { clock: Clock; shards?: number },
): InProcess {
  const logstoreNow = (project: string, name: string): Logstore => {
    const logstore = logstoreOf(state, project, name);
    expire(state, logstore, clock.now());
    return logstore;
  };
  const saved = (logstore: Logstore, shards: Shard[]): ShardView[] => {
    state.storage.saveLogstore(logstore);
    return shards.map(viewOf);
  };
  return {
    contents: () =>
      mapValues(state.projects, ({ name, logstores }) =>
        mapValues(logstores, (logstore) => logstoreNow(name, logstore.name).shards.map(viewOf)),
      ),
    createProject: (name) => {
      addProject(state, name, '', clock.now());
    },
    createLogstore: (project, name, { shards = shardsOtherwise, ttlDays = 30 } = {}) => {
      const settings = {
        ttlDays,
        shardCount: shards,
        autoSplit: false,
        maxSplitShard: 64,
        enableTracking: false,
        appendMeta: false,
      };
      addLogstore(state, projectOf(state, project), name, settings, clock.now());
    },
    endCursors: (project, logstore) =>
      Object.fromEntries(
        logstoreNow(project, logstore).shards.map((shard) => [shard.id, encodeCursor(endOf(shard))]),
      ),
    split: (project, name, shard, by = { count: 2 }) => {
      const logstore = logstoreNow(project, name);
      return saved(logstore, splitShard(logstore, String(shard), by, clock.now()));
    },
    merge: (project, name, shard) => {
      const logstore = logstoreNow(project, name);
      return saved(logstore, mergeShards(logstore, String(shard), clock.now()));
    },
  };
}

function mapValues<T, U>(map: ReadonlyMap<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}
