import type { AwsAccount } from '../credentials/awsCall.ts';
import type { Logger } from '../observe/logger.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Clock, Random } from '../runtime.ts';
import type { ServiceGroup } from '../sources/serviceGroup.ts';
import type { Source } from '../sources/source.ts';

export interface ComposedSource {
  source: Source;
  /** The service's own consumer group, where that is to assign the shards. */
  serviceGroup: ServiceGroup | undefined;
}

/** Told of every attempt of a request that failed, whether it is repeated or not. */
export type OnFailure = (why: 'throttled' | 'failed') => void;

export interface SourceRuntime {
  clock: Clock;
  random: Random;
  logger: Logger;
  onFailure?: OnFailure | undefined;
  tracing?: Tracing | undefined;
  /** Whose secret holds the credentials, if they are not in the environment. */
  aws: AwsAccount;
}
