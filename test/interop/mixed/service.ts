import type { PositionOf } from '../consumed.ts';
import type { Environment } from '../driver.ts';
import type { Put } from './producer.ts';
import type { Vocabulary } from './readers.ts';

/** The one group that everybody consumes in, as a service has it. */
export const GROUP = 'billing';
export const SHARDS = 8;

/** Of the group. Each newcomer tells it the service; were ours another one than the SDK's, the group would change. */
export interface Times {
  heartbeatSec: number;
  sessionTimeoutMs: number;
}

/** A local log service with a stream of `SHARDS` shards, and what a mixed group has to know of it. */
export interface MixedService {
  url: string;
  close(): Promise<void>;
  vocabulary: Vocabulary;
  positionOf: PositionOf;
  /** For an official SDK's consumer that reaches the service, or a relay to it, there. */
  workerEnvironment(url: string): Environment;
  /** For our function. */
  slotEnvironment(url: string): Environment;
  put: Put;
  /** As the service keeps them. */
  checkpoints(): Promise<Record<string, string>>;
  endCursors(): Record<string, string>;
}

export type StartMixedService = (times: Times) => Promise<MixedService>;
