import type { ServiceGroup } from '../../../lib/sources/serviceGroup.ts';
import type { Source } from '../../../lib/sources/source.ts';
import type { Times } from '../../../lib/times.ts';
import type { ManualClock } from '../../support/clock.ts';

/** A local log service with one stream and a consumer group of its own, which our slots and others may join. */
export interface ServiceStage {
  source: Source;
  serviceGroup: ServiceGroup;
  /** Whether the service holds the children of a split back until their parents are read. */
  keepsOrder: boolean;
  /** Whether the service waits until a slot no longer reports a shard that was taken from it. */
  waits: boolean;
  /** Id of the shard that was made as the n-th, from 0. */
  shard(index: number): string;
  /** One record each into the shard that takes the key's half, quarter, … of the range: `0`, `8`, `4`, `c`. */
  put(hashKey: string, ...contents: string[]): Promise<void>;
  /** By shard id, the position of what is put next. */
  ends(): Record<string, string>;
  split(index: number): void;
  /** With the one whose range follows. */
  merge(index: number): void;
  /** One more that closes none, where the service has that. */
  addPartition?(): void;
  /** As an official worker starts: with a session timeout of its own, which it writes into the group. */
  joinAsOfficial(sessionTimeoutMs: number): Promise<void>;
  /** Lines that the driver logged. */
  logged: string[];
  /** As an official consumer writes its checkpoints: whoever holds the shard, where the service allows that. */
  commitAsOfficial(consumer: string, shard: string, cursor: string): Promise<void>;
  /** Whether the service refuses checkpoints, heartbeats, and to tell the checkpoints. */
  failing: Failing;
  close(): Promise<void>;
}

export interface Failing {
  commits: boolean;
  heartbeats: boolean;
  checkpoints: boolean;
}

export interface StageOptions {
  clock: ManualClock;
  shards: number;
  /** About how much one pull brings, where the service counts bytes. */
  pullBytesMax?: number;
  /** Of the group; by default those of its usual interval. */
  times?: Times;
}

export const GROUP = 'orders';
