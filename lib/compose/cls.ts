import type { ClsSettings } from '../config/clsSettings.ts';
import type { CommonSettings } from '../config/settings.ts';
import { createCredentials } from '../credentials/stored.ts';
import { createClsClient } from '../sources/cls/client.ts';
import { createClsConsumerGroup } from '../sources/cls/consumerGroup.ts';
import { positionsGroupOf } from '../sources/cls/positions.ts';
import { createClsStream } from '../sources/cls/stream.ts';
import { logGroupChanges } from '../sources/serviceGroup.ts';
import { attemptMsMax } from '../times.ts';
import type { ComposedSource, SourceRuntime } from './composed.ts';

/** As `composeSource` says, of CLS. */
export function createCls(
  settings: Pick<CommonSettings, 'group' | 'times' | 'coordination'> & { cls: ClsSettings },
  runtime: SourceRuntime,
): ComposedSource {
  const { cls, group, coordination, times } = settings;
  const { sessionTimeoutMs } = times;
  const timeoutMsMax = attemptMsMax(times);
  const credentials = createCredentials(cls.credentials, runtime.aws, { ...runtime, timeoutMsMax });
  const client = createClsClient({ ...cls, ...runtime, credentials, timeoutMsMax });
  const onChange = logGroupChanges(runtime.logger, sessionTimeoutMs);
  return {
    source: createClsStream({ ...cls, client, positionsGroup: positionsGroupOf(group) }),
    serviceGroup:
      coordination === 'service'
        ? createClsConsumerGroup({ client, topics: cls.topics, group, sessionTimeoutMs, onChange })
        : undefined,
  };
}
