import { join } from 'node:path';
import { deleteOrphans, directoriesIn } from '../../service/storage/directories.ts';
import { readDocuments, readMainDocument } from '../../service/storage/documents.ts';
import type { Logs } from '../../service/storage/logs.ts';
import type { Logstore } from '../state/logstore.ts';
import type { Project } from '../state/project.ts';
import type { Shard } from '../state/shard.ts';
import { readGroup, readLogstore, readProject } from './documents.ts';

/** All that a directory holds. Throws a SettingsError for `data` if it is damaged. */
export function loadProjects(root: string, logs: Logs): Map<string, Project> {
  const projects = new Map<string, Project>();
  for (const name of directoriesIn(root)) {
    const directory = join(root, name);
    const project = readMainDocument(join(directory, 'project.json'), readProject, nameOf);
    if (!project) continue;
    for (const logstoreName of directoriesIn(directory)) {
      const logstore = loadLogstore(join(directory, logstoreName), name, logs);
      if (logstore) project.logstores.set(logstore.name, logstore);
    }
    projects.set(name, project);
  }
  return projects;
}

/** Deletes what is left of shards that are no more. */
function loadLogstore(directory: string, project: string, logs: Logs): Logstore | undefined {
  const parse = (text: string): Logstore => readLogstore(project, text);
  const logstore = readMainDocument(join(directory, 'logstore.json'), parse, nameOf);
  if (!logstore) return undefined;
  for (const shard of logstore.shards) {
    const { groups, firstPosition } = logs.load(shardDirectory(directory, shard), shard, shard.firstPosition);
    shard.firstPosition = firstPosition;
    for (const group of groups) shard.groups.push(group);
  }
  deleteOrphans(directory, 'shard', logstore.shards);
  for (const group of readDocuments(directory, 'group', readGroup)) logstore.groups.set(group.name, group);
  return logstore;
}

const nameOf = ({ name }: { readonly name: string }): string => name;

export function shardDirectory(directory: string, { id }: Shard): string {
  return join(directory, `shard-${id}`);
}
