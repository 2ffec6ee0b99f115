import { inMemory, type StoredGroup } from '../../service/log.ts';
import type { ConsumerGroup } from '../group/group.ts';
import type { Logstore } from '../state/logstore.ts';
import type { Project } from '../state/project.ts';
import type { Shard } from '../state/shard.ts';

/**
 * Where the state is kept besides memory. Each call happens before the request that causes it is answered, so what was
 * answered is kept. What they throw becomes an answer of status 500. Where something is added, they come before the state
 * changes: nothing has happened then. All others come after: the change may have happened.
 */
export interface Storage {
  /** Keeps one log group behind those that the shard has. */
  append(logstore: Logstore, shard: Shard, bytes: Uint8Array, receivedAtSec: number): StoredGroup;
  /** The oldest groups of a shard were dropped. */
  dropped(logstore: Logstore, shard: Shard): void;
  saveProject(project: Project): void;
  deleteProject(project: Project): void;
  /** Settings and shards; not the groups in them, nor the consumer groups. */
  saveLogstore(logstore: Logstore): void;
  deleteLogstore(logstore: Logstore): void;
  /** The shard was taken out of its logstore, which was saved. */
  deleteShard(logstore: Logstore, shard: Shard): void;
  saveGroup(logstore: Logstore, group: ConsumerGroup): void;
  deleteGroup(logstore: Logstore, group: ConsumerGroup): void;
  close(): void;
}

const nothing = (): void => {};

/** Keeps nothing but memory. */
export const MEMORY: Storage = {
  append: (_logstore, _shard, bytes, receivedAtSec) => inMemory(bytes, receivedAtSec),
  dropped: nothing,
  saveProject: nothing,
  deleteProject: nothing,
  saveLogstore: nothing,
  deleteLogstore: nothing,
  deleteShard: nothing,
  saveGroup: nothing,
  deleteGroup: nothing,
  close: nothing,
};
