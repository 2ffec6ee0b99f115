import { join } from 'node:path';
import { deleteOrphans, directoriesIn } from '../../service/storage/directories.ts';
import { readDocuments, readMainDocument } from '../../service/storage/documents.ts';
import type { Logs } from '../../service/storage/logs.ts';
import type { Logset } from '../state/logset.ts';
import type { Topic } from '../state/topic.ts';
import { readGroup, readLogset, readTopic } from './documents.ts';

/** All that a directory holds. Throws a SettingsError for `data` if it is damaged. */
export function loadLogsets(root: string, logs: Logs): Map<string, Logset> {
  const logsets = new Map<string, Logset>();
  for (const id of directoriesIn(root)) {
    const directory = join(root, id);
    const logset = readMainDocument(join(directory, 'logset.json'), readLogset, idOf);
    if (!logset) continue;
    for (const topicId of directoriesIn(directory)) {
      const topic = loadTopic(join(directory, topicId), id, logs);
      if (topic) logset.topics.set(topic.id, topic);
    }
    for (const group of readDocuments(directory, 'group', readGroup)) logset.groups.set(group.name, group);
    logsets.set(logset.id, logset);
  }
  return logsets;
}

/** Deletes what is left of partitions that are no more. */
function loadTopic(directory: string, logsetId: string, logs: Logs): Topic | undefined {
  const parse = (text: string): Topic => readTopic(logsetId, text);
  const topic = readMainDocument(join(directory, 'topic.json'), parse, idOf);
  if (!topic) return undefined;
  for (const partition of topic.partitions) {
    const path = partitionDirectory(directory, partition);
    const { groups, firstPosition } = logs.load(path, partition, partition.firstPosition);
    partition.firstPosition = firstPosition;
    for (const group of groups) partition.groups.push(group);
  }
  deleteOrphans(directory, 'partition', topic.partitions);
  return topic;
}

const idOf = ({ id }: { readonly id: string }): string => id;

export function partitionDirectory(directory: string, { id }: { id: number }): string {
  return join(directory, `partition-${id}`);
}
