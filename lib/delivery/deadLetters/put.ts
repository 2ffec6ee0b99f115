import { forEachParallel } from '../../parallel.ts';
import type { DeadLetter } from './deadLetters.ts';

/** Requests of one put at a time. Many letters at once are old records, which are given up unread. */
const PUTS_PARALLEL_MAX = 8;

/** Adds one by one, some at a time; none any more once there is no room. */
export async function putEach(
  letters: readonly DeadLetter[],
  add: (letter: DeadLetter) => Promise<'kept' | 'full'>,
): Promise<'kept' | 'full'> {
  let isFull = false;
  await forEachParallel(letters, PUTS_PARALLEL_MAX, async (letter) => {
    if (!isFull && (await add(letter)) === 'full') isFull = true;
  });
  return isFull ? 'full' : 'kept';
}
