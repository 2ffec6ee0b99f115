/** How much, how many, how long and when, in the words of the command line and of the page. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A duration in its two largest units: `3s`, `2m 5s`, `6d 23h`. */
export function about(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < MINUTE_MS) return ms > 0 && ms < 1_000 ? `${Math.round(ms)}ms` : `${Math.floor(ms / 1_000)}s`;
  const two = (large: number, l: string, small: number, s: string): string => {
    const rest = Math.floor((ms % large) / small);
    return `${Math.floor(ms / large)}${l}${rest === 0 ? '' : ` ${rest}${s}`}`;
  };
  if (ms < HOUR_MS) return two(MINUTE_MS, 'm', 1_000, 's');
  return ms < DAY_MS ? two(HOUR_MS, 'h', MINUTE_MS, 'm') : two(DAY_MS, 'd', HOUR_MS, 'h');
}

export const counted = (count: number): string => count.toLocaleString('en-US');

/** `1 slot`, `2 slots`. */
export const several = (count: number, one: string, many = `${one}s`): string =>
  `${counted(count)} ${count === 1 ? one : many}`;

/** In UTC, to the second. */
export const moment = (unixMs: number): string => `${new Date(unixMs).toISOString().slice(0, 19)}Z`;
