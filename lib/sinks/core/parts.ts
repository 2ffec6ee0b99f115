/**
 * Entries in parts that are sent whole. For sinks that know what was sent by its name: the same batch is cut at the same places whenever it
 * comes, whatever was answered before. Pure.
 */
import { type Entry, isRefused, type Refused, tooLarge } from './entry.ts';

export interface Part<T> {
  readonly entries: readonly Entry<T>[];
  /** From 0; undefined: it is all that is made of the batch. */
  readonly number: number | undefined;
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
  const take = (isWhole = false): Entry<Part<T>> => {
    const value = { entries, number: isWhole ? undefined : number };
    const part = { record: entries[0]!.record, value, bytes };
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
  if (entries.length > 0) yield take(number === 0);
}

const refusalOf = <T>(read: Entry<T> | Refused, bytesMax: number): Refused | undefined => {
  if (isRefused(read)) return read;
  return read.bytes > bytesMax ? { record: read.record, error: tooLarge(read.bytes, bytesMax) } : undefined;
};

/**
 * Names a part: as the batch, or by its number and the records in it, as in `…#1:500-800`. A deployment may cut in another way: then what
 * comes again has another name, and may be there twice. Under the same name it would be taken for what was there, and be lost.
 */
export function partId(batchId: string, { number, entries }: Part<unknown>): string {
  if (number === undefined) return batchId;
  return `${batchId}#${number}:${entries[0]!.record}-${entries.at(-1)!.record + 1}`;
}
