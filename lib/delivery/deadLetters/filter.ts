import type { KeptLetter, LetterFilter } from './deadLetters.ts';

export function matches(letter: KeptLetter, filter: LetterFilter, now: number): boolean {
  const { id, shard, olderThanMs, youngerThanMs, error } = filter;
  const ageMs = now - letter.givenUpAt;
  if (id !== undefined && letter.id !== id) return false;
  if (shard !== undefined && letter.shard !== shard) return false;
  if (olderThanMs !== undefined && ageMs <= olderThanMs) return false;
  if (youngerThanMs !== undefined && ageMs > youngerThanMs) return false;
  return error === undefined || says(letter.message, error) || says(letter.redriveMessage ?? '', error);
}

const says = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());
