/**
 * What is to be sent of a batch, and what became of it. Pure.
 *
 * Entries are taken in their order, as many as one request holds. Of a key there is never more than one in a request, and none while one
 * before it has no answer: services do not keep the order where they take only some of a request. Once a record has failed, nothing
 * behind it is taken any more, since it comes again.
 */
import { type Entry, isRefused, type Refused, tooLarge } from './entry.ts';

export interface RequestLimits {
  /** Entries in a request. */
  readonly countMax: number;
  /** Of a request, all of its entries together. */
  readonly bytesMax: number;
  /** Of one entry; as of a request unless set. One that is larger than a request of several goes by itself. */
  readonly entryBytesMax?: number | undefined;
}

export interface SinkQueue<T> {
  /** What is sent next; none: all is sent, or waits for an answer. */
  take(): readonly Entry<T>[];
  /** These have their answer, and are not sent again. */
  done(entries: readonly Entry<T>[]): void;
  /** The record cannot get there. */
  refuse(refused: Refused): void;
  /** The first record that cannot get there; undefined as long as there is none. */
  refused(): Refused | undefined;
  /** The first record of which not all is done; undefined: there is none. */
  firstUndone(): number | undefined;
}

/** Records that are read behind the first one that is not done. What was sent behind one that fails is sent again. */
const AHEAD_MAX = 2_000;

export function createQueue<T>(
  read: Iterator<Entry<T> | Refused>,
  { countMax, bytesMax, entryBytesMax = bytesMax }: RequestLimits,
): SinkQueue<T> {
  let waiting: Entry<T>[] = [];
  const sent = new Set<Entry<T>>();
  const busy = new Set<string>();
  let isRead = false;
  let lastRead = 0;
  let first: Refused | undefined;

  const refuse = (refused: Refused): void => {
    if (first === undefined || refused.record < first.record) first = refused;
    const { record } = first;
    waiting = waiting.filter((entry) => entry.record < record);
  };

  const readOne = (): void => {
    const { value, done } = read.next();
    if (done) {
      isRead = true;
      return;
    }
    const { record } = value;
    lastRead = record;
    if (first !== undefined && record >= first.record) isRead = true;
    else if (isRefused(value)) refuse(value);
    else if (value.bytes > entryBytesMax) refuse({ record, error: tooLarge(value.bytes, entryBytesMax) });
    else waiting.push(value);
  };

  const readOn = (): void => {
    const least = leastOf([...waiting.slice(0, 1), ...sent]) ?? lastRead;
    while (!isRead && lastRead - least < AHEAD_MAX) readOne();
  };

  return {
    take() {
      readOn();
      const taken: Entry<T>[] = [];
      const kept: Entry<T>[] = [];
      const passed = new Set(busy);
      let bytes = 0;
      let isFull = false;
      for (const entry of waiting) {
        isFull ||= taken.length === countMax || (taken.length > 0 && bytes + entry.bytes > bytesMax);
        if (isFull || (entry.key !== undefined && passed.has(entry.key))) kept.push(entry);
        else {
          taken.push(entry);
          bytes += entry.bytes;
        }
        if (entry.key !== undefined) passed.add(entry.key);
      }
      waiting = kept;
      for (const entry of taken) {
        sent.add(entry);
        if (entry.key !== undefined) busy.add(entry.key);
      }
      return taken;
    },
    done(entries) {
      for (const entry of entries) {
        sent.delete(entry);
        if (entry.key !== undefined) busy.delete(entry.key);
      }
    },
    refuse,
    refused: () => first,
    firstUndone() {
      // What is to be read next, unless what is behind a refused record.
      readOn();
      return leastOf([...waiting.slice(0, 1), ...sent, ...(first === undefined ? [] : [first])]);
    },
  };
}

const leastOf = (entries: readonly { readonly record: number }[]): number | undefined =>
  entries.length === 0 ? undefined : entries.reduce((least, { record }) => Math.min(least, record), Infinity);
