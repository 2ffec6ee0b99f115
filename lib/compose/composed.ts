import type { AwsAccount } from '../credentials/awsCall.ts';
import type { Logger } from '../observe/logger.ts';
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
  /** Whose secret holds the credentials, if they are not in the environment. */
  aws: AwsAccount;
}
