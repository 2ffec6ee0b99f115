/** Moments, in the time zone of whoever looks. */

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const MINUTE = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** `14:03:07`; with the day where that is another one than `now`. */
export function timeOf(at: number, now: number): string {
  const time = TIME.format(at);
  return DATE.format(at) === DATE.format(now) ? time : `${DATE.format(at)}, ${time}`;
}

/** `UTC+02:00`. */
export function zoneOf(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const two = (count: number): string => String(Math.floor(count)).padStart(2, '0');
  return `UTC${minutes < 0 ? '−' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

const STEPS_MS = [5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1_000,
);

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Round times between two moments, so many at most. */
export function ticksOf(from: number, to: number, most: number): Tick[] {
  const step = STEPS_MS.find((ms) => (to - from) / ms <= most) ?? Math.ceil((to - from) / most);
  // In the zone of whoever looks, noon is round.
  const zoneMs = new Date(to).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - zoneMs) / step) * step + zoneMs;
  const format = step < 60_000 ? TIME : step < 86_400_000 ? MINUTE : DATE;
  const count = Math.max(0, Math.floor((to - first) / step) + 1);
  return Array.from({ length: count }, (_, index) => first + index * step).map((at) => ({
    at,
    text: format.format(at),
  }));
}
