/** Records that were given up, and where they are kept until somebody redrives or drops them. */
import type { ItemWrite } from '../../group/itemWrite.ts';
import type { GivenUp } from '../../group/pending.ts';
import type { RawPair } from '../../sources/source.ts';

/** What is known of a dead letter besides what its record holds. Times are milliseconds since 1970. */
export interface LetterHead {
  /** That of the record, else `shard/from-to/index`. The same record twice is one dead letter. */
  readonly id: string;
  readonly group: string;
  /** Which stream it came from: the tags of its source. */
  readonly stream: Readonly<Record<string, string>>;
  readonly shard: string;
  /** The range in which it was given: the cursor of its first record, and the one after its last. */
  readonly from: string;
  readonly to: string;
  /** Its place within the range. */
  readonly index: number;
  readonly recordId: string | undefined;
  readonly timeMs: number;
  readonly attempts: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly givenUpAt: number;
  readonly reason: GivenUp;
  /** The beginning of what was thrown last. */
  readonly message: string;
  readonly functionVersion: string | undefined;
}

/** What the record holds. */
export interface LetterRecord {
  readonly topic: string;
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Its fields in their order, as the bytes that were written. */
  readonly pairs: readonly RawPair[];
}

export interface DeadLetter extends LetterHead, LetterRecord {}

/** A dead letter as it is kept. */
export interface KeptLetter extends LetterHead {
  /** Undefined where it was too large to be kept: then only its place in the stream is. */
  readonly record: LetterRecord | undefined;
  /** How often it was claimed to be given once more: also by a run that died of it. */
  readonly redrives: number;
  readonly redrivenAt: number | undefined;
  /** What its last redrive that failed was told. */
  readonly redriveMessage: string | undefined;
  /** Until when a redrive has it, or had it when it was interrupted. */
  readonly claimedUntil: number | undefined;
}

/** Which letters are meant: those that fit all that is given. */
export interface LetterFilter {
  readonly id?: string | undefined;
  readonly shard?: string | undefined;
  /** Given up longer ago than that, milliseconds. */
  readonly olderThanMs?: number | undefined;
  /** Given up no longer ago than that. */
  readonly youngerThanMs?: number | undefined;
  /** In what was thrown last, before it was given up or when it was redriven; capital letters do not matter. */
  readonly error?: string | undefined;
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

/**
 * Where a group keeps its dead letters. Every driver passes the same conformance suite. Throws StoreError; whoever lost a race is
 * told so by a value.
 */
export interface DeadLetterStore {
  /**
   * Keeps them all, each once however often it is put; what is there already stays as it is. `full`: there are as many as there may
   * be, and at least one of these is not kept. Putting them again puts the rest.
   */
  put(letters: readonly DeadLetter[], options: CallOptions): Promise<'kept' | 'full'>;
  /** How many there are, about: others may be at work. */
  count(options: CallOptions): Promise<number>;
  /** Changes nothing. */
  list(filter: LetterFilter, options: CallOptions): AsyncIterable<KeptLetter>;
  /**
   * Claims one after another: each until the time of the lease is over, or its outcome is told. Those whose last redrive was interrupted
   * come last, since they may be the reason. `taken`: somebody else has it. What was claimed is told before the next one is asked for.
   */
  claims(filter: LetterFilter, options: CallOptions & { leaseMs: number }): AsyncIterable<Claim | 'taken'>;
}

/**
 * A letter that is in nobody else's hands until `until`. Each of its calls ends the claim, and answers whether it still held: false
 * says that the lease was over and that somebody else has the letter by now.
 */
export interface Claim {
  readonly letter: KeptLetter;
  readonly until: number;
  /** It was processed, or is not wanted any more. */
  remove(options: CallOptions): Promise<boolean>;
  /**
   * The same together with writes of the user's function: all of it is done, or nothing. Absent where that cannot be. Throws WritesError
   * where these are refused.
   */
  removeWith?: ((along: readonly ItemWrite[], options: CallOptions) => Promise<boolean>) | undefined;
  /** It failed again: it stays, and what was thrown is noted. */
  fail(message: string, options: CallOptions): Promise<boolean>;
  /** It was not tried. */
  release(options: CallOptions): Promise<boolean>;
}
