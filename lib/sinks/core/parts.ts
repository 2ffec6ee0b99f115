/**
 * Entries in parts that are sent whole. For sinks that know what was sent by the id of the batch: the same batch is cut at the same
 * places whenever it comes, whatever was answered before. Pure.
 */
import { type Entry, isRefused, type Refused, tooLarge } from './entry.ts';

export interface Part<T> {
  /** From 0. */
  readonly number: number;
  readonly entries: readonly Entry<T>[];
}

export interface PartLimits {
  readonly countMax: number;
  readonly bytesMax: number;
}

/** What is before a record that cannot be sent is a part all the same. */
export function* partsOf<T>(
  read: Iterable<Entry<T> | Refused>,
  { countMax, bytesMax }: PartLimits,
): Generator<Entry<Part<T>> | Refused> {
  let number = 0;
  let entries: Entry<T>[] = [];
  let bytes = 0;
  const take = (): Entry<Part<T>> => {
    const part = { record: entries[0]!.record, value: { number, entries }, bytes };
    number += 1;
    entries = [];
    bytes = 0;
    return part;
  };
  for (const entry of read) {
    const refused = refusalOf(entry, bytesMax);
    if (refused !== undefined) {
      if (entries.length > 0) yield take();
      yield refused;
      return;
    }
    const { bytes: more } = entry as Entry<T>;
    if (entries.length > 0 && (entries.length >= countMax || bytes + more > bytesMax)) yield take();
    entries.push(entry as Entry<T>);
    bytes += more;
  }
  if (entries.length > 0) yield take();
}

const refusalOf = <T>(read: Entry<T> | Refused, bytesMax: number): Refused | undefined => {
  if (isRefused(read)) return read;
  return read.bytes > bytesMax ? { record: read.record, error: tooLarge(read.bytes, bytesMax) } : undefined;
};

/** Names a part: the first as the batch, which mostly has no other. */
export const partId = (batchId: string, number: number): string =>
  number === 0 ? batchId : `${batchId}#${number}`;
