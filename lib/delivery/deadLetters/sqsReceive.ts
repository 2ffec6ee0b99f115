import { ShardbeatError } from '../../errors.ts';
import { forEachParallel } from '../../parallel.ts';
import type { CallOptions, KeptLetter } from './deadLetters.ts';
import { readLetter } from './letterText.ts';
import type { Message, SqsQueue } from './sqsQueue.ts';

/** SQS's: twelve hours. */
const LEASE_SECONDS_MAX = 43_200;
/** What one run keeps out of its own way until it ends. SQS allows more to be in flight. */
const HELD_MAX = 20_000;
const GIVE_BACK_PARALLEL_MAX = 8;

export interface Received {
  message: Message;
  letter: KeptLetter;
  /** Until when nobody else is given it: earlier than the queue counts. */
  until: number;
}

/** One passage over all messages of a queue. */
export interface Passage {
  leaseMs: number;
  /** Messages at a time. */
  most: number;
  now: () => number;
  isWanted(letter: KeptLetter): boolean;
  /** Receipts, by message, of what nobody is to be given until the passage ends. */
  held: Map<string, string>;
  /** Letters that are done: a message of one is one that was sent twice. */
  removed: ReadonlySet<string>;
}

/** The letters that are wanted, each once. All others are held. */
export async function* receiveLetters(
  queue: SqsQueue,
  { leaseMs, most, now, isWanted, held, removed }: Passage,
  options: CallOptions,
): AsyncGenerator<Received> {
  const given = new Set<string>();
  const known = new Set<string>();
  const seconds = Math.min(LEASE_SECONDS_MAX, Math.ceil(leaseMs / 1_000));
  /** What is held comes again when its time is over: after all of it, nothing new comes. */
  let repeats = 0;
  while (held.size < HELD_MAX && repeats <= known.size) {
    const until = now() + seconds * 1_000;
    const messages = await queue.receive(most, seconds, options);
    if (messages.length === 0) break;
    for (const message of messages) {
      repeats = known.has(message.id) ? repeats + 1 : 0;
      known.add(message.id);
      const letter = letterIn(message);
      if (letter !== undefined && removed.has(letter.id)) await queue.remove(message.receipt, options);
      else if (letter === undefined || given.has(letter.id) || !isWanted(letter)) {
        held.set(message.id, message.receipt);
      } else {
        given.add(letter.id);
        yield { message, letter, until };
      }
    }
  }
}

/** Ends a passage. What cannot be given back comes back by itself when its time is over. */
export async function giveBack(
  queue: SqsQueue,
  { held }: Pick<Passage, 'held'>,
  options: CallOptions,
): Promise<void> {
  try {
    await forEachParallel(held.values(), GIVE_BACK_PARALLEL_MAX, async (receipt) => {
      await queue.giveBack(receipt, options);
    });
  } catch (error) {
    if (!(error instanceof ShardbeatError || options.signal.aborted)) throw error;
  }
}

function letterIn({ text, received }: Message): KeptLetter | undefined {
  const letter = readLetter(text);
  return letter && { ...letter, redrives: received };
}
