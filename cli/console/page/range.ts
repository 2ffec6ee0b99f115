import type { Seen } from './seen.ts';

export const RANGES = ['5m', '1h', 'all'] as const;
export type Range = (typeof RANGES)[number];

const MINUTE_MS = 60_000;
const LENGTH_MS = { '5m': 5 * MINUTE_MS, '1h': 60 * MINUTE_MS } as const;

/** From when to when the page looks. */
export function rangeOf(range: Range, { about, history }: Pick<Seen, 'about' | 'history'>, now: number) {
  if (range !== 'all') return { from: now - LENGTH_MS[range], to: now };
  const first = Math.min(about.since, ...history.spans.slice(0, 1).map(({ from }) => from));
  return { from: Math.min(first, now - MINUTE_MS), to: now };
}
