import type { CommonSettings } from '../config/settings.ts';
import type { SlsSettings } from '../config/slsSettings.ts';
import { createCredentials } from '../credentials/stored.ts';
import { logGroupChanges } from '../sources/serviceGroup.ts';
import { createSlsConsumerGroup } from '../sources/sls/consumerGroup.ts';
import { createSlsStream } from '../sources/sls/stream.ts';
import { attemptMsMax } from '../times.ts';
import type { ComposedSource, SourceRuntime } from './composed.ts';

/** As `composeSource` says, of SLS. */
export function createSls(
  settings: Pick<CommonSettings, 'group' | 'times' | 'order' | 'coordination'> & { sls: SlsSettings },
  runtime: SourceRuntime,
): ComposedSource {
  const { sls, group, order, coordination, times } = settings;
  const { sessionTimeoutMs } = times;
  const timeoutMsMax = attemptMsMax(times);
  const credentials = createCredentials(sls.credentials, runtime.aws, { ...runtime, timeoutMsMax });
  const options = { ...sls, ...runtime, credentials, timeoutMsMax, logstore: sls.logstores[0] };
  const onChange = logGroupChanges(runtime.logger, sessionTimeoutMs);
  return {
    source: createSlsStream(options),
    serviceGroup:
      coordination === 'service'
        ? createSlsConsumerGroup({ ...options, group, order, sessionTimeoutMs, onChange })
        : undefined,
  };
}
