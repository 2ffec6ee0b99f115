import type { Store } from '../../service/storage/store.ts';
import type { Logstore } from '../state/logstore.ts';
import type { Project } from '../state/project.ts';
import { readGroup, readLogstore, readProject } from './documents.ts';
import { logOf, streamOf } from './keys.ts';

const nameOf = ({ name }: { readonly name: string }): string => name;

/** All that is kept. Throws a SettingsError for `data` if it is damaged, or not whole. */
export function loadProjects(store: Store): Map<string, Project> {
  const { documents, records } = store;
  const projects = new Map<string, Project>();
  const logstores = new Map<string, Logstore>();
  for (const { document: project } of documents.all('project', { parse: readProject, nameOf })) {
    projects.set(project.name, project);
  }
  for (const { parent, document: logstore } of documents.all('logstore', { parse: readLogstore, nameOf })) {
    store.known(projects.get(parent), `project ${parent}`).logstores.set(logstore.name, logstore);
    logstores.set(streamOf(logstore), logstore);
    for (const shard of logstore.shards) {
      for (const group of records.of(logOf(logstore, shard), shard.firstPosition)) shard.groups.push(group);
    }
  }
  for (const { parent, document: group } of documents.all('group', { parse: readGroup, nameOf })) {
    store.known(logstores.get(parent), `logstore ${parent}`).groups.set(group.name, group);
  }
  for (const { stream, shard } of records.logs()) {
    const found = logstores.get(stream)?.shards.find(({ id }) => id === shard);
    store.known(found, `shard ${shard} of ${stream}`);
  }
  return projects;
}
