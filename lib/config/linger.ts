import { formatDuration, parseDuration } from '../duration.ts';
import { SettingsError } from '../errors.ts';
import { functionTimeoutMsMax, type Times } from '../times.ts';

export const LINGER = 'SHARDBEAT_LINGER';

const LINGER_MS_MIN = 1_000;

/** The function timeout where none is set: a tick that lingers as long as it may is to leave as little time as possible before the next. */
export function functionTimeoutOf(
  linger: string | undefined,
  intervalMs: number,
): { functionTimeoutMs?: number } {
  return linger === 'max' ? { functionTimeoutMs: functionTimeoutMsMax(intervalMs) } : {};
}

/** How long after its start a tick goes on polling: 0 for `off`, Infinity for `max`. */
export function readLinger(
  text: string | undefined,
  { functionTimeoutMs, reserveMs }: Times,
  field = LINGER,
): number {
  if (text === undefined || text === 'off') return 0;
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const longestMs = functionTimeoutMs - reserveMs;
  const lingerMs = /^\d/.test(text) ? parseDuration(field, text) : Number.NaN;
  if (lingerMs >= Math.min(LINGER_MS_MIN, longestMs) && lingerMs <= longestMs) return lingerMs;
  const remedy = `choose off, max, or a duration from ${formatDuration(LINGER_MS_MIN)} to ${formatDuration(longestMs)}: the function's timeout is ${formatDuration(functionTimeoutMs)}, of which ${formatDuration(reserveMs)} are kept free for a tick's end`;
  throw new SettingsError(field, text, remedy);
}
