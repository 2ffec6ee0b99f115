/** What a bar of the timeline means, in words. */
import { about as duration } from '../../amounts.ts';
import type { Span } from '../feed.ts';
import { timeOf } from './times.ts';

const MEANINGS: Readonly<Record<Span['kind'], (slot: string) => string>> = {
  owned: (slot) => slot,
  unowned: () => 'nobody has it',
  done: () => 'done',
  paused: () => 'paused',
  handOff: (slot) => `hand-off to ${slot}`,
  failing: () => 'failing',
  blocked: () => 'blocked',
  parents: () => 'waits for its parents',
  unlisted: () => 'not listed by the log service',
  overlap: (slot) => `overlap with ${slot}`,
  session: () => 'live',
  dead: () => 'dead',
  draining: () => 'draining',
};

export const meaningOf = ({ kind, slot = 'a slot' }: Span): string => MEANINGS[kind](slot);

/** `14:03:07 to 14:05:10, 2m 3s`. */
export function timesOf({ from, until }: Span, now: number): string {
  const lasted = duration((until ?? now) - from);
  return until === undefined
    ? `since ${timeOf(from, now)}, ${lasted}`
    : `${timeOf(from, now)} to ${timeOf(until, now)}, ${lasted}`;
}

/** All of it, for who does not see it. */
export const spanText = (span: Span, now: number): string =>
  [meaningOf(span), timesOf(span, now), span.why].filter((part) => part !== undefined).join('; ');
