import type { ClsSettings } from '../../config/clsSettings.ts';
import type { CommonSettings } from '../../config/settings.ts';
import type { AwsAccount } from '../../credentials/awsCall.ts';
import { createCredentials } from '../../credentials/stored.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Clock, Random } from '../../runtime.ts';
import { attemptMsMax } from '../../times.ts';
import { logGroupChanges, type ProviderGroup } from '../providerGroup.ts';
import type { Source } from '../source.ts';
import { createClsClient } from './client.ts';
import { createClsConsumerGroup } from './consumerGroup.ts';
import { createClsStream } from './stream.ts';

/** As `createSource` says, for CLS. */
export function createCls(
  settings: Pick<CommonSettings, 'group' | 'times' | 'coordination'> & { cls: ClsSettings },
  runtime: { clock: Clock; random: Random; logger: Logger; aws: AwsAccount },
): { source: Source; provider: ProviderGroup | undefined } {
  const { cls, group, coordination, times } = settings;
  const { sessionTimeoutMs } = times;
  const timeoutMsMax = attemptMsMax(times);
  const credentials = createCredentials(cls.credentials, runtime.aws, { ...runtime, timeoutMsMax });
  const client = createClsClient({ ...cls, ...runtime, credentials, timeoutMsMax });
  const onChange = logGroupChanges(runtime.logger, sessionTimeoutMs);
  return {
    source: createClsStream({ ...cls, client, positionsGroup: positionsGroupOf(group) }),
    provider:
      coordination === 'provider'
        ? createClsConsumerGroup({ client, topics: cls.topics, group, sessionTimeoutMs, onChange })
        : undefined,
  };
}

/**
 * The name of a consumer group that nobody commits to: for a group with an offset, CLS tells that one, wherever a position is asked
 * for. CLS takes letters, digits and underscores, and no digit in front.
 */
export function positionsGroupOf(group: string): string {
  return `positions_${group.replace(/\W/g, '_')}`;
}
