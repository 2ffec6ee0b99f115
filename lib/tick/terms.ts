import type { Terms } from '../group/join.ts';
import type { ProviderGroup } from '../sources/providerGroup.ts';
import type { TickSettings } from './context.ts';

/** What this deployment wants of its group. */
export function termsOf(settings: TickSettings, provider: ProviderGroup | undefined): Terms {
  const { times, stream, order, start, endAt, settingsVersion } = settings;
  return {
    settings: {
      stream,
      coordination: provider === undefined ? 'dynamodb' : 'provider',
      intervalMs: times.intervalMs,
      sessionTimeoutMs: times.sessionTimeoutMs,
      order,
      start: String(start.at === 'time' ? start.unixMs : start.at),
      end: String(endAt ?? 'never'),
    },
    settingsVersion,
  };
}
