/** What the rules of dead letters need of a place where each is kept under a key of its own, with a version. */
import type { ItemWrite } from '../../group/itemWrite.ts';
import type {
  CallOptions,
  Claim,
  DeadLetter,
  DeadLetterStore,
  KeptLetter,
  LetterFilter,
} from './deadLetters.ts';
import { matches } from './filter.ts';
import { putEach } from './put.ts';

/** What changes of a letter that is kept. */
export type RedriveState = Pick<KeptLetter, 'redrives' | 'redrivenAt' | 'redriveMessage' | 'claimedUntil'>;

export const UNTRIED: RedriveState = {
  redrives: 0,
  redrivenAt: undefined,
  redriveMessage: undefined,
  claimedUntil: undefined,
};

/** A letter as it was seen. */
export interface Entry<Version> {
  readonly letter: KeptLetter;
  readonly version: Version;
}

/** A driver knows these verbs and no rule. */
export interface Shelf<Version> {
  /** Adds one that is not there yet, unless there are as many as there may be; one that is there stays as it is. */
  add(letter: DeadLetter, options: CallOptions): Promise<'kept' | 'full'>;
  count(options: CallOptions): Promise<number>;
  /** Of a shard, or all. */
  entries(shard: string | undefined, options: CallOptions): AsyncIterable<Entry<Version>>;
  /** Undefined: it is not as it was seen any more. */
  write(
    entry: Entry<Version>,
    state: RedriveState,
    options: CallOptions,
  ): Promise<Entry<Version> | undefined>;
  /** True also if it is gone; false: it is not as it was seen any more. */
  remove(entry: Entry<Version>, options: CallOptions): Promise<boolean>;
  /** The same with writes of the user's function, all of it or nothing, where that can be; false also if it is gone. */
  removeWith?(entry: Entry<Version>, along: readonly ItemWrite[], options: CallOptions): Promise<boolean>;
  /** Somebody who may write has been through all of them: whatever counts them may be put right. */
  seenAll?(options: CallOptions): Promise<void>;
}

/** Letters on a shelf. `now` is a time that all who claim have in common. */
export function createShelvedLetters<Version>(shelf: Shelf<Version>, now: () => number): DeadLetterStore {
  async function* matching(filter: LetterFilter, options: CallOptions): AsyncGenerator<Entry<Version>> {
    for await (const entry of shelf.entries(filter.shard, options)) {
      if (matches(entry.letter, filter, now())) yield entry;
    }
  }

  async function claim(seen: Entry<Version>, leaseMs: number, options: CallOptions) {
    const { redrives, redriveMessage } = seen.letter;
    const until = now() + leaseMs;
    // Counted now: a run that dies of it counts nothing any more.
    const state = { redrives: redrives + 1, redrivenAt: now(), redriveMessage, claimedUntil: until };
    const claimed = await shelf.write(seen, state, options);
    return claimed === undefined ? 'taken' : claimOf(shelf, claimed, until);
  }

  return {
    put: (letters, options) => putEach(letters, (letter) => shelf.add(letter, options)),
    count: (options) => shelf.count(options),
    async *list(filter, options) {
      for await (const { letter } of matching(filter, options)) yield letter;
    },
    async *claims(filter, { leaseMs, ...options }) {
      let isAnyInterrupted = false;
      for await (const entry of matching(filter, options)) {
        const { claimedUntil } = entry.letter;
        if (claimedUntil === undefined) yield await claim(entry, leaseMs, options);
        else if (claimedUntil > now()) yield 'taken';
        else isAnyInterrupted = true;
      }
      if (isAnyInterrupted) {
        for await (const entry of matching(filter, options)) {
          const { claimedUntil } = entry.letter;
          if (claimedUntil !== undefined && claimedUntil <= now()) yield await claim(entry, leaseMs, options);
        }
      }
      if (filter.shard === undefined) await shelf.seenAll?.(options);
    },
  };
}

function claimOf<Version>(shelf: Shelf<Version>, entry: Entry<Version>, until: number): Claim {
  const { letter } = entry;
  const { redrives, redrivenAt, redriveMessage } = letter;
  const write = async (state: Partial<RedriveState>, options: CallOptions): Promise<boolean> => {
    const free = { redrives, redrivenAt, redriveMessage, claimedUntil: undefined, ...state };
    return (await shelf.write(entry, free, options)) !== undefined;
  };
  return {
    letter,
    until,
    remove: (options) => shelf.remove(entry, options),
    removeWith: shelf.removeWith && ((along, options) => shelf.removeWith!(entry, along, options)),
    fail: (message, options) => write({ redriveMessage: message }, options),
    release: (options) => write({ redrives: redrives - 1 }, options),
  };
}
