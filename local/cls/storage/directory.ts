import { endOf } from '../../service/log.ts';
import type { DataFormat } from '../../service/storage/dataDirectory.ts';
import { openStore, type Store } from '../../service/storage/store.ts';
import type { Logset } from '../state/logset.ts';
import type { Topic } from '../state/topic.ts';
import { writeGroup, writeLogset, writeTopic } from './documents.ts';
import { groupKey, logOf, logsetKey, topicKey } from './keys.ts';
import { loadLogsets } from './load.ts';
import type { Storage } from './storage.ts';

/** The state that a directory keeps: what it held when it was opened, and where changes go. */
export interface OpenedDirectory {
  readonly storage: Storage;
  readonly logsets: Map<string, Logset>;
}

const FORMAT: DataFormat = {
  format: 'shardbeat-local-cls',
  version: 3,
  service: 'a local CLS service',
};

/** As `openStore` says. */
export function openDirectory(directory: string): OpenedDirectory {
  return openStore(directory, FORMAT, (store) => ({
    logsets: loadLogsets(store),
    storage: createStorage(store),
  }));
}

function createStorage({ documents, records, change, follow, close }: Store): Storage {
  const put = (topic: Topic): void => documents.put(topicKey(topic), writeTopic(topic));

  return {
    append: (topic, partition, bytes, receivedAtSec) =>
      change(() => records.append(logOf(topic, partition), endOf(partition), bytes, receivedAtSec)),
    addLogset: (logset) => change(() => documents.put(logsetKey(logset), writeLogset(logset))),
    deleteLogset: (logset) =>
      follow(`logset ${logset.id}`, () => {
        documents.deleteIn('group', logset.id);
        documents.delete(logsetKey(logset));
      }),
    addTopic: (topic) => change(() => put(topic)),
    saveTopic: (topic) => follow(`topic ${topic.id}`, () => put(topic)),
    expired: (topic, gone) =>
      follow(`expired ${topic.id} ${gone.map(({ id }) => id)}`, () => {
        for (const partition of topic.partitions) {
          records.deleteBefore(logOf(topic, partition), partition.firstPosition);
        }
        for (const partition of gone) records.deleteLog(logOf(topic, partition));
        put(topic);
      }),
    deleteTopic: (topic) =>
      follow(`topic ${topic.id}`, () => {
        documents.delete(topicKey(topic));
        records.deleteStream(topic.id);
      }),
    saveGroup: (logset, group) => {
      const key = groupKey(logset, group);
      follow(`group ${key.parent} ${key.name}`, () => documents.put(key, writeGroup(group)));
    },
    deleteGroup: (logset, group) => {
      const key = groupKey(logset, group);
      follow(`group ${key.parent} ${key.name}`, () => documents.delete(key));
    },
    close,
  };
}
