import { DURATION_MS_MAX, formatDuration } from './duration.ts';
import { SettingsError } from './errors.ts';

/** Every time of a group, all derived from the one interval that was written. Milliseconds. */
export interface Times {
  /** The schedule, hence the heartbeat interval. */
  intervalMs: number;
  /** When the platform kills the function, counted from its start. */
  functionTimeoutMs: number;
  /** How far two clocks may be apart before it costs anything. */
  skewMarginMs: number;
  /** How long a slot keeps its shards without a heartbeat. */
  sessionTimeoutMs: number;
  /** Kept free before the deadline for the last commit and the answer. */
  reserveMs: number;
}

/** How the one who wrote the durations calls them, for errors. */
const FIELDS = { interval: 'interval', functionTimeout: 'functionTimeout', sessionTimeout: 'sessionTimeout' };

const INTERVAL_MS_MIN = 500;
/** CLS takes a consumer for offline after two intervals, and allows 30 minutes. */
const INTERVAL_MS_MAX = 30 * 60_000;
/** The reserve is 50 ms of it at least; a heartbeat, a claim, a pull and its checkpoint need the rest. */
const FUNCTION_TIMEOUT_MS_MIN = 200;
/**
 * A dead slot's shards are read by nobody for as long. Log services keep records for a day at least: longer than that, and they could
 * be gone before anybody else is given the shard.
 */
const SESSION_TIMEOUT_MS_MAX = DURATION_MS_MAX;

/**
 * EventBridge Scheduler starts a schedule anywhere within its minute, so that two starts, of which one may be refused between them, are as much
 * further apart. Schedules of seconds are local ones, which keep their time.
 */
const SCHEDULE_PRECISION_MS = 60_000;

/** Of two intervals, the tick between them may be lost. */
const usualSessionTimeoutMs = (intervalMs: number): number =>
  2 * intervalMs + (intervalMs < SCHEDULE_PRECISION_MS ? 0 : SCHEDULE_PRECISION_MS);

/**
 * Derives and checks all times from the interval. The function gets 80 % of it: what is left covers the margin and a
 * schedule that starts a tick late. Rule of the protocol: `function timeout + margin < interval < session timeout`.
 */
export function deriveTimes(
  intervalMs: number,
  given: { sessionTimeoutMs?: number; functionTimeoutMs?: number } = {},
  names: Partial<typeof FIELDS> = {},
): Times {
  const fields = { ...FIELDS, ...names };
  if (!(intervalMs >= INTERVAL_MS_MIN && intervalMs <= INTERVAL_MS_MAX)) {
    const bounds = `${formatDuration(INTERVAL_MS_MIN)} to ${formatDuration(INTERVAL_MS_MAX)}`;
    throw new SettingsError(fields.interval, formatDuration(intervalMs), `choose ${bounds}`);
  }
  const skewMarginMs = skewMarginOf(intervalMs);
  const functionTimeoutMs = given.functionTimeoutMs ?? wholeSeconds(intervalMs * 0.8);
  const sessionTimeoutMs = given.sessionTimeoutMs ?? usualSessionTimeoutMs(intervalMs);
  if (functionTimeoutMs + skewMarginMs >= intervalMs) {
    const remedy = `with an interval of ${formatDuration(intervalMs)} it must be under ${formatDuration(intervalMs - skewMarginMs)}, so that a tick has ended when the next one starts`;
    throw new SettingsError(fields.functionTimeout, formatDuration(functionTimeoutMs), remedy);
  }
  if (!(functionTimeoutMs >= FUNCTION_TIMEOUT_MS_MIN)) {
    const remedy = `a tick needs ${formatDuration(FUNCTION_TIMEOUT_MS_MIN)} or more to work and to end in time`;
    throw new SettingsError(fields.functionTimeout, formatDuration(functionTimeoutMs), remedy);
  }
  if (sessionTimeoutMs <= intervalMs) {
    const remedy = `it must be longer than the interval (${formatDuration(intervalMs)}), or every tick finds its slot expired`;
    throw new SettingsError(fields.sessionTimeout, formatDuration(sessionTimeoutMs), remedy);
  }
  if (!(sessionTimeoutMs <= SESSION_TIMEOUT_MS_MAX)) {
    const remedy = `choose ${formatDuration(SESSION_TIMEOUT_MS_MAX)} or less: nobody reads a dead slot's shards until then`;
    throw new SettingsError(fields.sessionTimeout, formatDuration(sessionTimeoutMs), remedy);
  }
  const reserveMs = clamp(functionTimeoutMs * 0.1, 50, 3_000);
  return { intervalMs, functionTimeoutMs, skewMarginMs, sessionTimeoutMs, reserveMs };
}

/**
 * The longest timeout that still ends a tick before the next one starts, for who wants as little time as possible between two: a
 * schedule may then be early by a second, or what is left of it.
 */
export function functionTimeoutMsMax(intervalMs: number): number {
  return wholeSeconds(intervalMs - skewMarginOf(intervalMs) - 1);
}

/** Of any group: for whoever does not know its times. */
export const SKEW_MARGIN_MS_MAX = 5_000;

const skewMarginOf = (intervalMs: number): number => clamp(intervalMs * 0.05, 25, SKEW_MARGIN_MS_MAX);

/** Share of a tick's time for work that one attempt of a request to a log service may take: a second one still fits. */
const ATTEMPT_SHARE = 0.4;

/** How long an attempt may take at most, whatever a service is usually given. */
export function attemptMsMax({ functionTimeoutMs, reserveMs }: Times): number {
  return Math.round((functionTimeoutMs - reserveMs) * ATTEMPT_SHARE);
}

/** For an operator, whose time no schedule limits: a request may take as long as it may of a group that ticks every minute, or longer. */
export function unhurried(times?: Times): Times {
  const usual = deriveTimes(60_000);
  if (times === undefined) return usual;
  const { functionTimeoutMs, reserveMs } = times.functionTimeoutMs < usual.functionTimeoutMs ? usual : times;
  return { ...times, functionTimeoutMs, reserveMs };
}

/** Lambda takes its timeout in whole seconds; only local schedules are too short for that. */
function wholeSeconds(durationMs: number): number {
  return durationMs >= 4_000 ? Math.floor(durationMs / 1_000) * 1_000 : Math.round(durationMs);
}

function clamp(value: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}
