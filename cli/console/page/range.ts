import type { Seen } from './seen.ts';

export const RANGES = ['5m', '1h', 'all'] as const;
export type Range = (typeof RANGES)[number];

const MINUTE_MS = 60_000;
const LENGTH_MS: Readonly<Record<Range, number>> = {
  '5m': 5 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  all: Infinity,
};

/** From when to when the page looks: not beyond what was observed, but for a minute at least. */
export function rangeOf(range: Range, { about, history }: Pick<Seen, 'about' | 'history'>, now: number) {
  const first = Math.min(about.since, ...history.spans.slice(0, 1).map(({ from }) => from));
  const length = Math.min(LENGTH_MS[range], Math.max(MINUTE_MS, now - first));
  return { from: now - length, to: now };
}
