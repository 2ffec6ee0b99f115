import type { DeadLetter, KeptLetter, LetterHead, LetterRecord } from './deadLetters.ts';
import { type RedriveState, UNTRIED } from './shelf.ts';

/** A letter that is put, as it is kept. */
export function kept(letter: DeadLetter): KeptLetter {
  const { topic, source, tags, pairs, ...head } = letter;
  // A source of one's own may tell no time, and neither JSON nor DynamoDB has a number for that.
  const timeMs = Number.isFinite(head.timeMs) ? head.timeMs : 0;
  return keptLetter({ ...head, timeMs }, { topic, source, tags, pairs }, UNTRIED);
}

export const keptLetter = (
  head: LetterHead,
  record: LetterRecord | undefined,
  state: RedriveState,
): KeptLetter => ({ ...head, record, ...state });
