import { SettingsError } from './errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Nothing here waits for longer than a day, and timers of more than 24 days would end at once. */
export const DURATION_MS_MAX = 24 * 3_600_000;

/** Of an age or a retention: ten years, as no log service keeps records for longer. */
export const AGE_MS_MAX = 3_650 * UNIT_MS.d!;

/** Reads `500ms`, `2s`, `1.5m`, `1h` or `7d` as milliseconds, up to a day unless told otherwise. Throws a SettingsError that names `field`. */
export function parseDuration(field: string, text: string, mostMs = DURATION_MS_MAX): number {
  // A zero in front is how others write octal numbers.
  const match = /^((?:0|[1-9]\d*)(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null)
    throw new SettingsError(field, text, 'write a number and a unit, such as 500ms, 2s or 1m');
  const durationMs = Math.round(Number(match[1]) * UNIT_MS[match[2]!]!);
  if (durationMs <= mostMs) return durationMs;
  throw new SettingsError(field, text, `choose ${formatDuration(mostMs)} or less`);
}

/** The shortest exact way to write a duration: 120000 → `2m`. A day is `24h`, since all else is counted in hours. */
export function formatDuration(durationMs: number): string {
  const days = durationMs / UNIT_MS.d!;
  if (days > 1 && Number.isInteger(days)) return `${days}d`;
  for (const unit of ['h', 'm', 's']) {
    const size = UNIT_MS[unit]!;
    if (durationMs >= size && durationMs % size === 0) return `${durationMs / size}${unit}`;
  }
  return `${durationMs}ms`;
}
