import type { Terms } from '../group/join.ts';
import type { TickSettings } from './context.ts';
import type { Coordination } from './coordination/coordination.ts';

/** What this deployment wants of its group. */
export function termsOf(settings: TickSettings, { kind }: Pick<Coordination, 'kind'>): Terms {
  const { times, stream, order, start, endAt, settingsVersion } = settings;
  return {
    settings: {
      stream,
      coordination: kind,
      intervalMs: times.intervalMs,
      sessionTimeoutMs: times.sessionTimeoutMs,
      order,
      start: String(start.at === 'time' ? start.unixMs : start.at),
      end: String(endAt ?? 'never'),
    },
    settingsVersion,
  };
}
