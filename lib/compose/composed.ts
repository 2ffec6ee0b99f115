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

export interface SourceRuntime {
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Told of every attempt of a request that failed, whether it is repeated or not. */
  onFailure?: ((why: 'throttled' | 'failed') => void) | undefined;
  /** Told of every answer, with how many bytes were transferred. */
  onAnswer?: ((bytes: number) => void) | undefined;
  tracing?: Tracing | undefined;
  /** Whose secret holds the credentials, if they are not in the environment. */
  aws: AwsAccount;
}
