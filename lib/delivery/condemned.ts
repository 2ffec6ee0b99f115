/** Records that are given up, and why. Pure, as attempt.ts. */
import type { GivenUp, Pending } from '../group/pending.ts';
import { clean, restFrom } from './rest.ts';

/** So many records from `done` on are given up; then it goes on at `resume`. */
export function condemned(
  pending: Pending,
  { count, resume = pending.done + count, reason }: { count: number; resume?: number; reason: GivenUp },
): Pending {
  return clean({
    ...pending,
    condemned: { count, resume, reason },
    inWork: undefined,
    notBefore: undefined,
  });
}

/** Those condemned have found their place in a range of `count` records: the rest is as if it had never failed. */
export function buried(pending: Pending, count: number): Pending {
  const { resume } = pending.condemned!;
  if (resume <= count) return restFrom(pending, resume);
  return { ...restFrom(pending, count), behindDone: resume - count };
}

/** Why it has failed, for whoever keeps it. */
export function reasonOf({ deadly, message = '' }: Pending): GivenUp {
  if (deadly) return 'died';
  return message.startsWith(TIMED_OUT) ? 'timedOut' : 'failed';
}

export const TIMED_OUT = 'not finished when the time of the tick was over';
