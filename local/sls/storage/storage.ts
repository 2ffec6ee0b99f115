import { inMemory, type StoredGroup } from '../../service/log.ts';
import type { ConsumerGroup } from '../group/group.ts';
import type { Logstore } from '../state/logstore.ts';
import type { Project } from '../state/project.ts';
import type { Shard } from '../state/shard.ts';

/**
 * Where the state is kept besides memory. Each call happens before the request that causes it is answered, so what was
 * answered is kept. What they throw becomes an answer of status 500. Those that add something come before the state changes:
 * if they throw, nothing has happened. All others come after: if they throw, the change has happened in memory, and is kept
 * together with the next one that can be kept.
 */
export interface Storage {
  /** Keeps one log group behind those that the shard has. */
  append(logstore: Logstore, shard: Shard, bytes: Uint8Array, receivedAtSec: number): StoredGroup;
  addProject(project: Project): void;
  deleteProject(project: Project): void;
  addLogstore(logstore: Logstore): void;
  /** Settings and shards; not the groups in them, nor the consumer groups. */
  saveLogstore(logstore: Logstore): void;
  /** The oldest groups of its shards were dropped, and some shards, with all that they had. */
  expired(logstore: Logstore, gone: readonly Shard[]): void;
  deleteLogstore(logstore: Logstore): void;
  saveGroup(logstore: Logstore, group: ConsumerGroup): void;
  deleteGroup(logstore: Logstore, group: ConsumerGroup): void;
  close(): void;
}

const nothing = (): void => {};

/** Keeps nothing but memory. */
export const MEMORY: Storage = {
  append: (_logstore, _shard, bytes, receivedAtSec) => inMemory(bytes, receivedAtSec),
  addProject: nothing,
  deleteProject: nothing,
  addLogstore: nothing,
  saveLogstore: nothing,
  expired: nothing,
  deleteLogstore: nothing,
  saveGroup: nothing,
  deleteGroup: nothing,
  close: nothing,
};
