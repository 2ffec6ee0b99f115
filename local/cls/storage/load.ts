import type { Store } from '../../service/storage/store.ts';
import type { Logset } from '../state/logset.ts';
import type { Topic } from '../state/topic.ts';
import { readGroup, readLogset, readTopic } from './documents.ts';
import { logOf } from './keys.ts';

const idOf = ({ id }: { readonly id: string }): string => id;

/** All that is kept. Throws a SettingsError for `data` if it is damaged, or not whole. */
export function loadLogsets(store: Store): Map<string, Logset> {
  const { documents, records } = store;
  const logsets = new Map<string, Logset>();
  const topics = new Map<string, Topic>();
  for (const { document: logset } of documents.all('logset', { parse: readLogset, nameOf: idOf })) {
    logsets.set(logset.id, logset);
  }
  for (const { parent, document: topic } of documents.all('topic', { parse: readTopic, nameOf: idOf })) {
    store.known(logsets.get(parent), `logset ${parent}`).topics.set(topic.id, topic);
    topics.set(topic.id, topic);
    for (const partition of topic.partitions) {
      const groups = records.of(logOf(topic, partition), partition.firstPosition);
      for (const group of groups) partition.groups.push(group);
    }
  }
  for (const { parent, document: group } of documents.all('group', {
    parse: readGroup,
    nameOf: ({ name }) => name,
  })) {
    store.known(logsets.get(parent), `logset ${parent}`).groups.set(group.name, group);
  }
  for (const { stream, shard } of records.logs()) {
    const found = topics.get(stream)?.partitions.find(({ id }) => id === shard);
    store.known(found, `partition ${shard} of topic ${stream}`);
  }
  return logsets;
}
