import type { DocumentKey } from '../../service/storage/documents.ts';
import type { LogKey } from '../../service/storage/records.ts';
import type { ConsumerGroup } from '../group/group.ts';
import type { Logstore } from '../state/logstore.ts';
import type { Project } from '../state/project.ts';
import type { Shard } from '../state/shard.ts';

/** Under which keys the state is kept. */

/** No name has a slash in it. */
export function streamOf({ project, name }: Logstore): string {
  return `${project}/${name}`;
}

export function logOf(logstore: Logstore, { id }: Shard): LogKey {
  return { stream: streamOf(logstore), shard: id };
}

export function projectKey({ name }: Project): DocumentKey {
  return { kind: 'project', parent: '', name };
}

export function logstoreKey({ project, name }: Logstore): DocumentKey {
  return { kind: 'logstore', parent: project, name };
}

export function groupKey(logstore: Logstore, { name }: ConsumerGroup): DocumentKey {
  return { kind: 'group', parent: streamOf(logstore), name };
}
