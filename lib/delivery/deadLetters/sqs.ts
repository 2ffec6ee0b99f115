import type {
  CallOptions,
  Claim,
  DeadLetter,
  DeadLetterStore,
  KeptLetter,
  LetterFilter,
} from './deadLetters.ts';
import { matches } from './filter.ts';
import { kept } from './kept.ts';
import { writeLetter } from './letterText.ts';
import { putEach } from './put.ts';
import { createRoom } from './room.ts';
import { createSqsQueue, type SqsOptions, type SqsQueue } from './sqsQueue.ts';
import { giveBack, type Passage, type Received, receiveLetters } from './sqsReceive.ts';

export interface SqsDeadLettersOptions extends SqsOptions {
  group: string;
  lettersMax: number;
  now: () => number;
}

/** How long a list has what it has read; it gives it back when it has ended. */
const LIST_LEASE_MS = 60_000;
const LIST_MOST = 10;

/**
 * Dead letters as messages of a queue, each as JSON. A queue cannot be looked up: a repeated put is known to a FIFO queue only, for five
 * minutes, and a list has its letters until it ends. How often one was received stands for its redrives; what the last one was
 * told is not kept.
 */
export function createSqsDeadLetters(options: SqsDeadLettersOptions): DeadLetterStore {
  const { group, lettersMax, now } = options;
  const queue = createSqsQueue(options);
  let messageBytesMax = 0;
  const count = async (options: CallOptions): Promise<number> => {
    const attributes = await queue.attributes(options);
    messageBytesMax = attributes.messageBytesMax;
    return attributes.messages;
  };
  const room = createRoom(lettersMax, { now, count });

  async function add(letter: DeadLetter, options: CallOptions): Promise<'kept' | 'full'> {
    if (!(await room.take(options))) return 'full';
    await queue.send(messageOf(kept(letter), messageBytesMax), letter.id, options);
    return 'kept';
  }

  const passageFor = (filter: LetterFilter, of: Pick<Passage, 'leaseMs' | 'most'>) => ({
    ...of,
    now,
    isWanted: (letter: KeptLetter) => letter.group === group && matches(letter, filter, now()),
    held: new Map<string, string>(),
    removed: new Set<string>(),
  });

  return {
    put: (letters, options) => putEach(letters, (letter) => add(letter, options)),
    count,
    async *list(filter, options) {
      const passage = passageFor(filter, { leaseMs: LIST_LEASE_MS, most: LIST_MOST });
      try {
        for await (const { message, letter } of receiveLetters(queue, passage, options)) {
          passage.held.set(message.id, message.receipt);
          yield letter;
        }
      } finally {
        await giveBack(queue, passage, options);
      }
    },
    async *claims(filter, { leaseMs, ...options }) {
      const passage = passageFor(filter, { leaseMs, most: 1 });
      const onRemoved = (id: string): void => {
        room.giveBack();
        passage.removed.add(id);
      };
      try {
        for await (const received of receiveLetters(queue, passage, options)) {
          yield claimOf(queue, received, passage, onRemoved);
        }
      } finally {
        await giveBack(queue, passage, options);
      }
    },
  };
}

/** Each call ends the claim. A letter that stays is held until the passage ends: given back now, it would come at once. */
function claimOf(
  queue: SqsQueue,
  { message, letter, until }: Received,
  { held, now }: Passage,
  onRemoved: (id: string) => void,
): Claim {
  const hold = async (): Promise<boolean> => {
    // Later on, the receipt may end somebody else's claim.
    if (now() >= until) return false;
    held.set(message.id, message.receipt);
    return true;
  };
  return {
    letter: { ...letter, claimedUntil: until },
    until,
    async remove(options) {
      if (!(await queue.remove(message.receipt, options))) return false;
      onRemoved(letter.id);
      return true;
    },
    fail: hold,
    release: hold,
  };
}

/** Without its record, where that is too large: then its place in the stream is all that is kept. */
function messageOf(letter: KeptLetter, bytesMax: number): string {
  const whole = writable(writeLetter(letter));
  if (Buffer.byteLength(whole) <= bytesMax) return whole;
  return writable(writeLetter({ ...letter, record: undefined }));
}

/** A message holds what XML does: two characters that JSON leaves as they are it does not. */
const writable = (json: string): string =>
  json.replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
