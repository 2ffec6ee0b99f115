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
import { BODY_BYTES_MAX } from '../codec.ts';
import type { Logstore } from '../state/logstore.ts';
import type { Project } from '../state/project.ts';
import { writeGroup, writeLogstore, writeProject } from './documents.ts';
import { loadProjects, shardDirectory } from './load.ts';
import type { Storage } from './storage.ts';

/**
 * Keeps the state in a directory:
 *
 *     format.json                                     { format, version } of all of this
 *     lock, lock.holder                               who uses it, see lock.ts
 *     projects/<project>/project.json                 a project is there if this is
 *     projects/<project>/<logstore>/logstore.json     so is a logstore: settings and shards
 *     projects/<project>/<logstore>/group-<hash>.json a consumer group with its checkpoints
 *     projects/<project>/<logstore>/shard-<id>/<position>.log    log groups, see segment.ts
 *
 * JSON is replaced as a whole by a rename; log groups are appended. Everything is handed to the operating system before a
 * request is answered, so it survives the end of this process, however sudden. It is not forced to the disk: a loss of
 * power may take the last of it.
 */
export interface OpenedDirectory {
  readonly storage: Storage;
  readonly projects: Map<string, Project>;
}

const DATA: DataFormat = {
  format: 'shardbeat-local-sls',
  version: 2,
  service: 'a local SLS service',
  root: 'projects',
};
const SEGMENTS = segmentFormat('SLSLOG', 2, BODY_BYTES_MAX);

/** As `openLogs` says. */
export function openDirectory(directory: string): OpenedDirectory {
  return openLogs(directory, DATA, SEGMENTS, (opened) => ({
    projects: loadProjects(opened.root, opened.logs),
    storage: createStorage(opened),
  }));
}

function createStorage({ root, logs, close }: OpenLogs): Storage {
  const directoryOf = (logstore: Logstore): string => placeOf(placeOf(root, logstore.project), logstore.name);
  /** Logstores of which the directory does not hold the latest: no group may go to a shard that it does not know. */
  const unsaved = new WeakSet<Logstore>();
  const saveLogstore = (logstore: Logstore): void => {
    unsaved.add(logstore);
    writeMainDocument(join(directoryOf(logstore), 'logstore.json'), writeLogstore(logstore));
    unsaved.delete(logstore);
  };
  const forgetLogstore = (logstore: Logstore): void => {
    for (const shard of logstore.shards) logs.forget(shard);
  };

  return {
    append: (logstore, shard, bytes, receivedAtSec) => {
      if (unsaved.has(logstore)) saveLogstore(logstore);
      const directory = shardDirectory(directoryOf(logstore), shard);
      const at = { directory, log: shard, firstPosition: shard.firstPosition };
      return logs.append(at, bytes, receivedAtSec);
    },
    dropped: (_logstore, shard) => logs.dropBefore(shard, shard.firstPosition),
    saveProject: (project) =>
      writeFirstDocument(join(placeOf(root, project.name), 'project.json'), writeProject(project)),
    deleteProject: (project) => {
      for (const logstore of project.logstores.values()) forgetLogstore(logstore);
      deleteDirectory(placeOf(root, project.name));
    },
    saveLogstore,
    deleteLogstore: (logstore) => {
      forgetLogstore(logstore);
      deleteDirectory(directoryOf(logstore));
    },
    deleteShard: (logstore, shard) => logs.delete(shardDirectory(directoryOf(logstore), shard), shard),
    saveGroup: (logstore, group) => writeDocument(groupPath(directoryOf(logstore), group), writeGroup(group)),
    deleteGroup: (logstore, group) => deleteDocument(groupPath(directoryOf(logstore), group)),
    close,
  };
}

/** A group's name may be anything: the file is named by its hash. */
function groupPath(directory: string, { name }: { name: string }): string {
  return join(directory, hashedName('group', name));
}
