import { ShardbeatError } from '../errors.ts';
import type { RecordProgress } from './recordProgress.ts';

/** A record that is to be worked on. */
export interface Entry<T> {
  /** Its place in the batch. */
  readonly index: number;
  readonly record: T;
  readonly key: string | undefined;
}

/** Which record begins next. */
export interface RecordQueue<T> {
  /** Undefined: none at the moment, or none any more. Its key is taken until it is released. */
  next(): Entry<T> | undefined;
  /** The next record of this key may begin. */
  release(key: string | undefined): void;
  /** No record is read any more. */
  close(): void;
}

/**
 * Reads records as they are wanted, and lets those wait whose key is taken. No record is read whose place is `aheadMax` or more beyond
 * the first that is not finished, and none behind one that has failed.
 */
export function createRecordQueue<T>(
  records: Iterable<T>,
  progress: RecordProgress,
  { key, aheadMax }: { key?: ((record: T) => string) | undefined; aheadMax: number },
): RecordQueue<T> {
  /** By key, for those that are taken. */
  const waiting = new Map<string, Entry<T>[]>();
  /** Their key was released. */
  const ready: Entry<T>[] = [];
  let iterator: Iterator<T> | undefined;
  let count = 0;
  let isClosed = false;

  const read = (): Entry<T> | undefined => {
    let isRecords = false;
    try {
      iterator ??= records[Symbol.iterator]();
      const { done, value } = iterator.next();
      if (done === true) {
        isClosed = true;
        return undefined;
      }
      isRecords = true;
      return { index: count++, record: value, key: key && keyOf(key, value) };
    } catch (error) {
      isClosed = !isRecords;
      progress.fail(isRecords ? count - 1 : count, error, isRecords);
      return undefined;
    }
  };
  return {
    next() {
      while (ready.length > 0) {
        const due = ready.shift()!;
        // Behind a failure none begins, nor does any later one of its key.
        if (progress.isWanted(due.index)) return due;
      }
      while (!isClosed && progress.isWanted(count) && count < progress.done + aheadMax) {
        const entry = read();
        if (entry?.key === undefined) return entry;
        const others = waiting.get(entry.key);
        if (others === undefined) {
          waiting.set(entry.key, []);
          return entry;
        }
        others.push(entry);
      }
      return undefined;
    },
    release(key) {
      if (key === undefined) return;
      const following = waiting.get(key)?.shift();
      if (following === undefined) waiting.delete(key);
      else ready.push(following);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      try {
        iterator?.return?.();
      } catch {
        // Nobody reads on.
      }
    },
  };
}

function keyOf<T>(key: (record: T) => string, record: T): string {
  const given: unknown = key(record);
  if (typeof given === 'string') return given;
  const kind = given === null ? 'null' : typeof given;
  throw new ShardbeatError(`key returned no string for a record: ${kind}`, { retriable: false });
}
