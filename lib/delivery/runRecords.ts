import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Delivered } from './delivered.ts';
import { createRecordProgress } from './recordProgress.ts';
import { createRecordQueue, type Entry } from './recordQueue.ts';
import { withoutWrites } from './returnedWrites.ts';

/** How records are given to a function that takes one at a time. */
export interface RecordRun<T> {
  /** Most records in work at a time. */
  parallelMax: number;
  /** Records of one key are worked on one after another, in order; without it, none waits for another. */
  key?: ((record: T) => string) | undefined;
  signal: AbortSignal;
  remainingMs(): number;
}

/** How far work may get ahead of the first record that is not finished: so many records for each that may be in work. */
export const AHEAD = 16;

/**
 * Calls `work` for each record: they begin in order, unless one waits for another of its key. Once one has failed, none behind it
 * begins; those in work are waited for, and those before it come to their turn. So all records before the one that is answered
 * have succeeded. When the signal aborts, whatever is in work is left alone, and what counts is how many records from the first
 * one on are finished. Never rejects; no more than `parallelMax` × `AHEAD` records are held at a time.
 */
export function runRecords<T>(
  records: Iterable<T>,
  work: (record: T) => unknown,
  { parallelMax, key, signal, remainingMs }: RecordRun<T>,
): Promise<Delivered> {
  const { promise, resolve } = Promise.withResolvers<Delivered>();
  const progress = createRecordProgress();
  const queue = createRecordQueue(records, progress, { key, aheadMax: parallelMax * AHEAD });
  let busy = 0;
  let isOver = false;

  const end = (delivered: Delivered): void => {
    isOver = true;
    signal.removeEventListener('abort', stop);
    queue.close();
    resolve(delivered);
  };
  const stop = (): void => end(progress.timedOut(signal.reason));
  const succeed = ({ index, key }: Entry<T>): void => {
    progress.finish(index);
    queue.release(key);
  };
  const begin = (entry: Entry<T>): void => {
    try {
      const returned = work(entry.record);
      // What returns at once needs no promise. What is an object may be one, or pretend to.
      if (isObject(returned)) whenEnded(returned, entry);
      else succeed(entry);
    } catch (error) {
      progress.fail(entry.index, error);
    }
  };
  const whenEnded = async (outcome: unknown, entry: Entry<T>): Promise<void> => {
    busy += 1;
    try {
      withoutWrites(await outcome);
      succeed(entry);
    } catch (error) {
      progress.fail(entry.index, error);
    }
    busy -= 1;
    if (!isOver) goOn();
  };
  const afterOthersTurn = async (): Promise<void> => {
    busy += 1;
    await othersTurn();
    busy -= 1;
    if (!isOver) goOn(true);
  };
  /** `hadTurn`: timers could run just now. */
  const goOn = (hadTurn = false): void => {
    let isHeard = hadTurn;
    while (!isOver && busy < parallelMax) {
      // A function that never waits lets no timer run, and the signal would not be heard.
      if (!isHeard && remainingMs() <= 0) {
        afterOthersTurn();
        return;
      }
      isHeard = false;
      const entry = queue.next();
      if (entry === undefined) break;
      begin(entry);
    }
    if (!isOver && busy === 0) end(progress.outcome());
  };

  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  else goOn();
  return promise;
}

const isObject = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
