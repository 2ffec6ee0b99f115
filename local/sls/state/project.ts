import type { Logstore } from './logstore.ts';

export interface Project {
  readonly name: string;
  readonly description: string;
  readonly createdAtSec: number;
  readonly logstores: Map<string, Logstore>;
}
