import { planEvenly } from '../group/planner.ts';
import type { TickSettings } from '../tick/context.ts';
import { type ReplayRange, replayName } from './replay.ts';

/** Nobody waits for a schedule: what has failed is tried again sooner, and a plan is looked at more often. */
const INTERVAL_MS_MAX = 10_000;
/** So long after its last run a replay counts as left behind. More than a function may run. */
const SESSION_TIMEOUT_MS_MIN = 60_000;

/**
 * Those of the group, but for what would not be the past: a range with an end, no age at which a record is too old, and no waiting for
 * more records. A run is as long as the group's.
 */
export function replaySettings(settings: TickSettings, { id, from, to, shards }: ReplayRange): TickSettings {
  const { times, delivery } = settings;
  return {
    ...settings,
    group: replayName(settings.group, id),
    replay: { shards },
    times: {
      ...times,
      intervalMs: Math.min(times.intervalMs, INTERVAL_MS_MAX),
      sessionTimeoutMs: Math.max(times.sessionTimeoutMs, SESSION_TIMEOUT_MS_MIN),
    },
    start: { at: 'time', unixMs: from },
    endAt: to,
    settingsVersion: 1,
    strategy: planEvenly,
    slots: undefined,
    onCursorExpired: 'earliest',
    lingerMs: 0,
    doorbell: false,
    delivery: { ...delivery, ageMaxMs: undefined, waitMaxMs: 0 },
  };
}
