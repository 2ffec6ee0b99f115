import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logstore } from '../state/logstore.ts';
import type { Shard } from '../state/shard.ts';
import type { Project } from '../state/state.ts';
import { openDataDirectory, unusable } from './dataDirectory.ts';
import { writeGroup, writeLogstore, writeProject } from './documents.ts';
import { loadProjects, type ShardFilesByShard, shardDirectory, TEMPORARY } from './load.ts';
import { createOpenFiles, type OpenFiles } from './openFiles.ts';
import { openShardFiles, type ShardFiles } from './shardFiles.ts';
import type { Storage } from './storage.ts';

/**
 * Keeps the state in a directory:
 *
 *     format.json                                     { format, version } of all of this
 *     lock.<n>                                        who uses it, see lock.ts
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

/**
 * Opens the directory, made if there is none, and reads what it holds. Throws a SettingsError for `data` if another
 * process uses it, or if it holds something else or something damaged.
 */
export function openDirectory(directory: string): OpenedDirectory {
  const { projectsDirectory, release } = openDataDirectory(directory);
  const files = createOpenFiles();
  const shardFiles: ShardFilesByShard = new WeakMap();
  try {
    const projects = loadProjects(projectsDirectory, files, shardFiles);
    return { storage: createStorage(projectsDirectory, files, shardFiles, release), projects };
  } catch (error) {
    files.close();
    release();
    throw unusable(directory, error);
  }
}

function createStorage(
  root: string,
  files: OpenFiles,
  shardFiles: ShardFilesByShard,
  release: () => void,
): Storage {
  const directoryOf = (logstore: Logstore): string => join(root, logstore.project, logstore.name);
  /** Logstores of which the directory does not hold the latest: no group may go to a shard that it does not know. */
  const unsaved = new WeakSet<Logstore>();
  const filesOf = (logstore: Logstore, shard: Shard): ShardFiles => {
    const found = shardFiles.get(shard);
    if (found) return found;
    const opened = openShardFiles(shardDirectory(directoryOf(logstore), shard), shard, files).shardFiles;
    shardFiles.set(shard, opened);
    return opened;
  };
  const saveLogstore = (logstore: Logstore): void => {
    unsaved.add(logstore);
    const directory = directoryOf(logstore);
    const path = join(directory, 'logstore.json');
    if (!existsSync(path)) rmSync(directory, { recursive: true, force: true });
    writeDocument(path, writeLogstore(logstore));
    unsaved.delete(logstore);
  };
  const forgetLogstore = (logstore: Logstore): void => {
    for (const shard of logstore.shards) shardFiles.get(shard)?.forget();
  };

  return {
    append: (logstore, shard, bytes, receivedAtSec) => {
      if (unsaved.has(logstore)) saveLogstore(logstore);
      return filesOf(logstore, shard).append(bytes, receivedAtSec);
    },
    dropped: (logstore, shard) => filesOf(logstore, shard).dropBefore(shard.firstPosition),
    saveProject: (project) => {
      const directory = join(root, project.name);
      rmSync(directory, { recursive: true, force: true });
      writeDocument(join(directory, 'project.json'), writeProject(project));
    },
    deleteProject: (project) => {
      for (const logstore of project.logstores.values()) forgetLogstore(logstore);
      deleteWithDocument(join(root, project.name), 'project.json');
    },
    saveLogstore,
    deleteLogstore: (logstore) => {
      forgetLogstore(logstore);
      deleteWithDocument(directoryOf(logstore), 'logstore.json');
    },
    deleteShard: (logstore, shard) => {
      shardFiles.get(shard)?.forget();
      rmSync(shardDirectory(directoryOf(logstore), shard), { recursive: true, force: true });
    },
    saveGroup: (logstore, group) =>
      writeDocument(join(directoryOf(logstore), groupFile(group.name)), writeGroup(group)),
    deleteGroup: (logstore, group) =>
      rmSync(join(directoryOf(logstore), groupFile(group.name)), { force: true }),
    close: () => {
      files.close();
      release();
    },
  };
}

/** The document first: without it the rest is nothing, and is deleted by the next one who opens the directory. */
function deleteWithDocument(directory: string, document: string): void {
  rmSync(join(directory, document), { force: true });
  rmSync(directory, { recursive: true, force: true });
}

function writeDocument(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}${TEMPORARY}`, text);
  renameSync(`${path}${TEMPORARY}`, path);
}

/** A group's name may be anything: the file is named by its hash. */
function groupFile(name: string): string {
  return `group-${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`;
}
