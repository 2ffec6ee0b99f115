import { endOf } from '../../service/log.ts';
import type { DataFormat } from '../../service/storage/dataDirectory.ts';
import { openStore, type Store } from '../../service/storage/store.ts';
import type { Logstore } from '../state/logstore.ts';
import type { Project } from '../state/project.ts';
import { writeGroup, writeLogstore, writeProject } from './documents.ts';
import { groupKey, logOf, logstoreKey, projectKey, streamOf } from './keys.ts';
import { loadProjects } from './load.ts';
import type { Storage } from './storage.ts';

/** The state that a directory keeps: what it held when it was opened, and where changes go. */
export interface OpenedDirectory {
  readonly storage: Storage;
  readonly projects: Map<string, Project>;
}

const FORMAT: DataFormat = {
  format: 'shardbeat-local-sls',
  version: 3,
  service: 'a local SLS service',
};

/** As `openStore` says. */
export function openDirectory(directory: string): OpenedDirectory {
  return openStore(directory, FORMAT, (store) => ({
    projects: loadProjects(store),
    storage: createStorage(store),
  }));
}

function createStorage({ documents, records, change, follow, close }: Store): Storage {
  const put = (logstore: Logstore): void => documents.put(logstoreKey(logstore), writeLogstore(logstore));
  const remove = (logstore: Logstore): void => {
    documents.delete(logstoreKey(logstore));
    documents.deleteIn('group', streamOf(logstore));
    records.deleteStream(streamOf(logstore));
  };

  return {
    append: (logstore, shard, bytes, receivedAtSec) =>
      change(() => records.append(logOf(logstore, shard), endOf(shard), bytes, receivedAtSec)),
    addProject: (project) => change(() => documents.put(projectKey(project), writeProject(project))),
    deleteProject: (project) =>
      follow(`project ${project.name}`, () => {
        for (const logstore of project.logstores.values()) remove(logstore);
        documents.delete(projectKey(project));
      }),
    addLogstore: (logstore) => change(() => put(logstore)),
    saveLogstore: (logstore) => follow(`logstore ${streamOf(logstore)}`, () => put(logstore)),
    expired: (logstore, gone) =>
      follow(`expired ${streamOf(logstore)} ${gone.map(({ id }) => id)}`, () => {
        for (const shard of logstore.shards)
          records.deleteBefore(logOf(logstore, shard), shard.firstPosition);
        for (const shard of gone) records.deleteLog(logOf(logstore, shard));
        put(logstore);
      }),
    deleteLogstore: (logstore) => follow(`logstore ${streamOf(logstore)}`, () => remove(logstore)),
    saveGroup: (logstore, group) => {
      const key = groupKey(logstore, group);
      follow(`group ${key.parent} ${key.name}`, () => documents.put(key, writeGroup(group)));
    },
    deleteGroup: (logstore, group) => {
      const key = groupKey(logstore, group);
      follow(`group ${key.parent} ${key.name}`, () => documents.delete(key));
    },
    close,
  };
}
