import { join } from 'node:path';
import type { DataFormat } from '../../service/storage/dataDirectory.ts';
import { deleteDirectory } from '../../service/storage/directories.ts';
import {
  deleteDocument,
  hashedName,
  placeOf,
  writeDocument,
  writeFirstDocument,
  writeMainDocument,
} from '../../service/storage/documents.ts';
import { type OpenLogs, openLogs } from '../../service/storage/openLogs.ts';
import { segmentFormat } from '../../service/storage/segment.ts';
import { RAW_BYTES_MAX } from '../codec.ts';
import type { Logset } from '../state/logset.ts';
import type { Topic } from '../state/topic.ts';
import { writeGroup, writeLogset, writeTopic } from './documents.ts';
import { loadLogsets, partitionDirectory } from './load.ts';
import type { Storage } from './storage.ts';

/**
 * Keeps the state in a directory:
 *
 *     format.json                                { format, version } of all of this
 *     lock, lock.holder                          who uses it, see lock.ts
 *     logsets/<logset>/logset.json               a logset is there if this is
 *     logsets/<logset>/group-<hash>.json         a consumer group with its offsets
 *     logsets/<logset>/<topic>/topic.json        a topic is there if this is: settings and partitions
 *     logsets/<logset>/<topic>/partition-<id>/<offset>.log    messages, see segment.ts
 *
 * JSON is replaced as a whole by a rename; messages are appended. Everything is handed to the operating system before a
 * request is answered, so it survives the end of this process, however sudden. It is not forced to the disk: a loss of
 * power may take the last of it.
 */
export interface OpenedDirectory {
  readonly storage: Storage;
  readonly logsets: Map<string, Logset>;
}

const DATA: DataFormat = {
  format: 'shardbeat-local-cls',
  version: 2,
  service: 'a local CLS service',
  root: 'logsets',
};
/** A message may be larger than it was in the upload: its times are longer. */
const SEGMENTS = segmentFormat('CLSLOG', 2, 2 * RAW_BYTES_MAX);

/** As `openLogs` says. */
export function openDirectory(directory: string): OpenedDirectory {
  return openLogs(directory, DATA, SEGMENTS, (opened) => ({
    logsets: loadLogsets(opened.root, opened.logs),
    storage: createStorage(opened),
  }));
}

function createStorage({ root, logs, close }: OpenLogs): Storage {
  const logsetDirectory = ({ id }: Logset): string => placeOf(root, id);
  const topicDirectory = ({ id, logsetId }: Topic): string => placeOf(placeOf(root, logsetId), id);
  /** A group's name may be anything: the file is named by its hash. */
  const groupPath = (logset: Logset, { name }: { name: string }): string =>
    join(logsetDirectory(logset), hashedName('group', name));
  /** Topics of which the directory does not hold the latest: no message may go to a partition that it does not know. */
  const unsaved = new WeakSet<Topic>();
  const saveTopic = (topic: Topic): void => {
    unsaved.add(topic);
    writeMainDocument(join(topicDirectory(topic), 'topic.json'), writeTopic(topic));
    unsaved.delete(topic);
  };

  return {
    append: (topic, partition, bytes, receivedAtSec) => {
      if (unsaved.has(topic)) saveTopic(topic);
      const directory = partitionDirectory(topicDirectory(topic), partition);
      const at = { directory, log: partition, firstPosition: partition.firstPosition };
      return logs.append(at, bytes, receivedAtSec);
    },
    dropped: (_topic, partition) => logs.dropBefore(partition, partition.firstPosition),
    saveLogset: (logset) =>
      writeFirstDocument(join(logsetDirectory(logset), 'logset.json'), writeLogset(logset)),
    deleteLogset: (logset) => deleteDirectory(logsetDirectory(logset)),
    saveTopic,
    deleteTopic: (topic) => {
      for (const partition of topic.partitions) logs.forget(partition);
      deleteDirectory(topicDirectory(topic));
    },
    deletePartition: (topic, partition) =>
      logs.delete(partitionDirectory(topicDirectory(topic), partition), partition),
    saveGroup: (logset, group) => writeDocument(groupPath(logset, group), writeGroup(group)),
    deleteGroup: (logset, group) => deleteDocument(groupPath(logset, group)),
    close,
  };
}
