import { combineSources } from '../combined.ts';
import type { Source } from '../source.ts';
import type { ClsClient } from './client.ts';
import { createPositions } from './positions.ts';
import type { PullLimits } from './pull.ts';
import { createClsSource } from './source.ts';

export interface ClsStreamOptions extends PullLimits {
  client: ClsClient;
  /** Ids, of the client's logset. */
  topics: readonly [string, ...string[]];
  /** A consumer group to which nobody commits; see `createPositions`. */
  positionsGroup: string;
}

/** What one group reads. Shards are `topic:partition` also where there is one topic, so that others may be added later. */
export function createClsStream({ topics, positionsGroup, ...options }: ClsStreamOptions): Source {
  const positions = createPositions({ client: options.client, group: positionsGroup, topics });
  const sources = topics.map((topic) => [topic, createClsSource({ ...options, topic, positions })]);
  return combineSources(Object.fromEntries(sources));
}
