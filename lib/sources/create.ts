import type { Settings } from '../config/settings.ts';
import type { AwsAccount } from '../credentials/awsCall.ts';
import type { Logger } from '../observe/logger.ts';
import type { Clock, Random } from '../runtime.ts';
import { createCls } from './cls/create.ts';
import type { ProviderGroup } from './providerGroup.ts';
import { createSls } from './sls/create.ts';
import type { Source } from './source.ts';

/**
 * The source that the settings name, and its consumer group where the service is to assign the shards. `aws`: whose secret
 * holds the credentials, if they are not in the environment.
 */
export function createSource(
  settings: Settings,
  runtime: { clock: Clock; random: Random; logger: Logger; aws: AwsAccount },
): { source: Source; provider: ProviderGroup | undefined } {
  return settings.source === 'sls' ? createSls(settings, runtime) : createCls(settings, runtime);
}
