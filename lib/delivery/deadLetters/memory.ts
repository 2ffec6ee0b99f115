import type { DeadLetter, DeadLetterStore } from './deadLetters.ts';
import { kept } from './kept.ts';
import { createShelvedLetters, type Entry, type Shelf } from './shelf.ts';

/** The letters of one group, by id; share one between stores to let several slots meet. */
export type MemoryLetters = Map<string, Entry<number>>;

export interface MemoryDeadLettersOptions {
  letters: MemoryLetters;
  lettersMax: number;
  now: () => number;
}

/** Dead letters in this process's memory: for tests and for the simulation. */
export function createMemoryDeadLetters({
  letters,
  lettersMax,
  now,
}: MemoryDeadLettersOptions): DeadLetterStore {
  const isAsSeen = ({ letter, version }: Entry<number>): boolean =>
    letters.get(letter.id)?.version === version;
  const shelf: Shelf<number> = {
    async add(letter, { signal }) {
      signal.throwIfAborted();
      if (letters.has(letter.id)) return 'kept';
      if (letters.size >= lettersMax) return 'full';
      letters.set(letter.id, { letter: kept(copied(letter)), version: 1 });
      return 'kept';
    },
    async count({ signal }) {
      signal.throwIfAborted();
      return letters.size;
    },
    async *entries(shard, { signal }) {
      for (const entry of [...letters.values()]) {
        signal.throwIfAborted();
        if (shard === undefined || entry.letter.shard === shard) yield letters.get(entry.letter.id) ?? entry;
      }
    },
    async write(entry, state, { signal }) {
      signal.throwIfAborted();
      if (!isAsSeen(entry)) return undefined;
      const written = { letter: { ...entry.letter, ...state }, version: entry.version + 1 };
      letters.set(entry.letter.id, written);
      return written;
    },
    async remove(entry, { signal }) {
      signal.throwIfAborted();
      if (!letters.has(entry.letter.id)) return true;
      return isAsSeen(entry) && letters.delete(entry.letter.id);
    },
  };
  return createShelvedLetters(shelf, now);
}

/** Its pairs are views into a batch that is soon gone. */
function copied(letter: DeadLetter): DeadLetter {
  return {
    ...letter,
    pairs: letter.pairs.map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const),
  };
}
