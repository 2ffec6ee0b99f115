import type { CommonSettings } from '../../config/settings.ts';
import type { SlsSettings } from '../../config/slsSettings.ts';
import type { AwsAccount } from '../../credentials/awsCall.ts';
import { createCredentials } from '../../credentials/stored.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Clock, Random } from '../../runtime.ts';
import { attemptMsMax } from '../../times.ts';
import { logGroupChanges, type ProviderGroup } from '../providerGroup.ts';
import type { Source } from '../source.ts';
import { createSlsConsumerGroup } from './consumerGroup.ts';
import { createSlsStream } from './stream.ts';

/**
 * The source that the settings name, and its consumer group where the service is to assign the shards. `aws`: whose secret
 * holds the credentials, if they are not in the environment.
 */
export function createSls(
  settings: Pick<CommonSettings, 'group' | 'times' | 'order' | 'coordination'> & { sls: SlsSettings },
  runtime: { clock: Clock; random: Random; logger: Logger; aws: AwsAccount },
): { source: Source; provider: ProviderGroup | undefined } {
  const { sls, group, order, coordination, times } = settings;
  const { sessionTimeoutMs } = times;
  const timeoutMsMax = attemptMsMax(times);
  const credentials = createCredentials(sls.credentials, runtime.aws, { ...runtime, timeoutMsMax });
  const options = { ...sls, ...runtime, credentials, timeoutMsMax, logstore: sls.logstores[0] };
  const onChange = logGroupChanges(runtime.logger, sessionTimeoutMs);
  return {
    source: createSlsStream(options),
    provider:
      coordination === 'provider'
        ? createSlsConsumerGroup({ ...options, group, order, sessionTimeoutMs, onChange })
        : undefined,
  };
}
