/** What becomes of records on their way into a sink. Pure. */
import type { Batch } from '../../delivery/userModule.ts';
import { ShardbeatError } from '../../errors.ts';
import type { LogRecord } from '../../sources/source.ts';

/** One thing that a sink is sent. A record may become several, or none. */
export interface Entry<T> {
  /** Place of its record in the batch: of several that stand in one, of the first. */
  readonly record: number;
  readonly value: T;
  /** As the service counts them. */
  readonly bytes: number;
  /** What stands in order among all entries of the same key; undefined: it has no order. */
  readonly key?: string | undefined;
}

/** A record that cannot be sent. Nothing behind it is read. */
export interface Refused {
  readonly record: number;
  readonly error: unknown;
}

/** What a sink makes entries of. */
export interface Piece<V> {
  readonly value: V;
  readonly record: LogRecord;
  /** The same for the same record and the same place among what was made of it, in whatever batch it comes. */
  readonly id: string;
}

/**
 * Makes of a record what is sent: one value, several, or nothing (undefined, or an empty array). It must make the same of the same record
 * each time, since records come again. A record for which it throws has failed. `name`: what the record is called in a sink, by its
 * stream and its id.
 */
export type Transform<V = unknown> = (
  record: LogRecord,
  batch: Batch,
  name: string,
) => V | readonly V[] | undefined;

/** What is sent of a record unless a transform says otherwise. */
export interface RecordDocument {
  /** Absent where the service filters. */
  readonly id?: string | undefined;
  /** In UTC, as in `2026-01-31T12:00:00.700Z`. */
  readonly time: string;
  readonly topic: string;
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/** The record as an object that can be written as JSON. */
export function documentOf(record: LogRecord): RecordDocument {
  const { id, timeMs, topic, source, tags } = record;
  return { id, time: timeOf(timeMs), topic, source, tags, fields: record.toObject() };
}

/** In UTC. A record may have any number for its time. */
export const timeOf = (timeMs: number): string =>
  new Date(Math.abs(timeMs) <= TIME_MS_MAX ? timeMs : 0).toISOString();
const TIME_MS_MAX = 8.64e15;

/** The stream of a batch in a few words, such as `sls/shop/orders`. */
export const streamOf = ({ tags }: Pick<Batch, 'tags'>): string => Object.values(tags).join('/');

/**
 * The name of a record in a sink: its stream and its id. It says nothing of the group, so what is read again by a replay has the names
 * that it had. Where records have no ids, its place in the range stands for one.
 */
export function recordName(record: LogRecord, batch: Batch, place: number): string {
  const { shard, from, first } = batch;
  return `${streamOf(batch)}/${record.id ?? `${shard}/${from}/${first + place}`}`;
}

/** Reads a batch through a transform. What `make` throws, as what the transform does, is the failure of its record. */
export function* entriesOf<V, T>(
  batch: Batch,
  transform: Transform<V>,
  make: (piece: Piece<V>) => Omit<Entry<T>, 'record'>,
): Generator<Entry<T> | Refused> {
  let place = 0;
  for (const record of batch.records) {
    try {
      const name = recordName(record, batch, place);
      // All of a record at once: one that fails has sent nothing of itself.
      const entries = valuesOf(transform(record, batch, name)).map((value, index) => {
        const id = index === 0 ? name : `${name}#${index}`;
        return { ...make({ value, record, id }), record: place };
      });
      yield* entries;
    } catch (error) {
      yield { record: place, error };
      return;
    }
    place += 1;
  }
}

function valuesOf<V>(made: V | readonly V[] | undefined): readonly V[] {
  if (made === undefined) return [];
  return Array.isArray(made) ? (made as readonly V[]) : [made as V];
}

export const isRefused = (read: object): read is Refused => 'error' in read;

/** The error for what no request can hold. */
export const tooLarge = (bytes: number, bytesMax: number): ShardbeatError =>
  new ShardbeatError(
    `what is made of the record has ${bytes} bytes, and no more than ${bytesMax} can be sent: make it smaller in transform, or leave it out there`,
    { retriable: false },
  );

/** The value as JSON. Throws where it is none, such as a function. */
export function jsonOf(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text !== undefined) return text;
  throw new ShardbeatError(`transform made a ${typeof value} of the record: it cannot be written as JSON`, {
    retriable: false,
  });
}
