import type { Settings } from '../../config/settings.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Clock, Random } from '../../runtime.ts';
import type { ProviderGroup } from '../providerGroup.ts';
import type { Source } from '../source.ts';
import { createSlsConsumerGroup } from './consumerGroup.ts';
import { createSlsSource } from './source.ts';

/** The source that the settings name, and its consumer group where the service is to assign the shards. */
export function createSls(
  settings: Pick<Settings, 'sls' | 'group' | 'times' | 'order' | 'coordination'>,
  runtime: { clock: Clock; random: Random; logger: Logger },
): { source: Source; provider: ProviderGroup | undefined } {
  const { sls, group, order, coordination, times } = settings;
  const { sessionTimeoutMs } = times;
  const options = { ...sls, ...runtime };
  const onChange = (change: string): void => runtime.logger.warn('provider.group', { change });
  return {
    source: createSlsSource(options),
    provider:
      coordination === 'provider'
        ? createSlsConsumerGroup({ ...options, group, order, sessionTimeoutMs, onChange })
        : undefined,
  };
}
