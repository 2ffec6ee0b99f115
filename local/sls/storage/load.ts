import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logstore } from '../state/logstore.ts';
import type { Shard } from '../state/shard.ts';
import type { Project } from '../state/state.ts';
import { readGroup, readLogstore, readProject } from './documents.ts';
import type { OpenFiles } from './openFiles.ts';
import { damaged, openShardFiles, type ShardFiles } from './shardFiles.ts';

/** At the end of the name of a file that was being replaced. */
export const TEMPORARY = '.tmp';

export type ShardFilesByShard = WeakMap<Shard, ShardFiles>;

/** All that a directory holds; fills in the files of each shard. Throws a SettingsError for `data` if it is damaged. */
export function loadProjects(
  root: string,
  files: OpenFiles,
  shardFiles: ShardFilesByShard,
): Map<string, Project> {
  const projects = new Map<string, Project>();
  for (const name of directoriesIn(root)) {
    const directory = join(root, name);
    const project = readDocument(join(directory, 'project.json'), readProject);
    if (!project) {
      rmSync(directory, { recursive: true });
      continue;
    }
    for (const logstoreName of directoriesIn(directory)) {
      const logstore = loadLogstore(join(directory, logstoreName), name, files, shardFiles);
      if (logstore) project.logstores.set(logstore.name, logstore);
    }
    projects.set(name, project);
  }
  return projects;
}

/** Deletes what is left of a logstore that was being deleted, and of shards that are no more. */
function loadLogstore(
  directory: string,
  project: string,
  files: OpenFiles,
  shardFiles: ShardFilesByShard,
): Logstore | undefined {
  const path = join(directory, 'logstore.json');
  const logstore = readDocument(path, (text) => readLogstore(project, text));
  if (!logstore) {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  for (const shard of logstore.shards) {
    const opened = openShardFiles(shardDirectory(directory, shard), shard, files);
    shard.firstPosition = opened.firstPosition;
    for (const group of opened.groups) shard.groups.push(group);
    shardFiles.set(shard, opened.shardFiles);
  }
  const known = new Set(logstore.shards.map((shard) => shardDirectory(directory, shard)));
  for (const entry of readdirSync(directory)) {
    const entryPath = join(directory, entry);
    if (entry.startsWith('shard-') && !known.has(entryPath)) rmSync(entryPath, { recursive: true });
    if (entry.endsWith(TEMPORARY)) rmSync(entryPath);
    if (!/^group-[0-9a-f]+\.json$/.test(entry)) continue;
    const group = readDocument(entryPath, readGroup);
    if (group) logstore.groups.set(group.name, group);
  }
  return logstore;
}

/** Undefined if there is no such file. Throws a SettingsError for `data` if it cannot be understood. */
function readDocument<T>(path: string, parse: (text: string) => T): T | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  try {
    return parse(text);
  } catch (error) {
    throw damaged(path, `it cannot be understood (${(error as Error).message})`);
  }
}

function directoriesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

export function shardDirectory(directory: string, { id }: Shard): string {
  return join(directory, `shard-${id}`);
}
