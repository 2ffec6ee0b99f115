import type { ConsumerGroup } from '../group/group.ts';
import type { Topic } from './topic.ts';

export interface Logset {
  readonly id: string;
  readonly name: string;
  readonly createdAtSec: number;
  readonly topics: Map<string, Topic>;
  /** By name: it is unique in a logset. */
  readonly groups: Map<string, ConsumerGroup>;
}
