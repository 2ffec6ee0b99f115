import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a consumer tells of every call of its processor. */
export interface ConsumedBatch {
  consumer: string;
  shard: string;
  /** Cursors: what was read lies between them. */
  from: string;
  to: string;
  startedAtMs: number;
  endedAtMs: number;
  /** The records' numbers. They grow within a shard. */
  records: number[];
}

/** How far into its shard a cursor is. */
export type PositionOf = (cursor: string) => bigint;

const LOOK_MS = 50;

/** Waits for something to become true. Throws, with what was awaited, if that takes longer than `timeoutMs`. */
export async function until(what: string, isTrue: () => boolean, timeoutMs = 60_000): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (Date.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(LOOK_MS);
  }
}

/** A promise that is not waited for longer than that: then it throws, with what was awaited. */
export function within<T>(what: string, promise: Promise<T>, timeoutMs = 60_000): Promise<T> {
  const tooLong = sleep(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
  });
  return Promise.race([promise, tooLong]);
}

export function countRecords(batches: readonly ConsumedBatch[]): number {
  return batches.reduce((sum, { records }) => sum + records.length, 0);
}

/** Every record from 0 on was processed. */
export function assertNoneLost(batches: readonly ConsumedBatch[], recordCount: number): void {
  const processed = new Set(batches.flatMap(({ records }) => records));
  const lost = Array.from({ length: recordCount }, (_, record) => record).filter((n) => !processed.has(n));
  assert.deepEqual(lost, []);
}

/**
 * In every shard each batch begins where the one before ended, and not before it had ended. Only what one of `unlucky`
 * processed may come again: it died before it could say so.
 */
export function assertInOrder(
  batches: readonly ConsumedBatch[],
  positionOf: PositionOf,
  unlucky: ReadonlySet<string> = new Set(),
): void {
  const tell = ({ consumer, shard, from, to, startedAtMs, endedAtMs }: ConsumedBatch): string =>
    `${consumer} on shard ${shard}, ${positionOf(from)} to ${positionOf(to)}, ${startedAtMs}–${endedAtMs}`;
  for (const shard of new Set(batches.map((batch) => batch.shard))) {
    const own = batches.filter((batch) => batch.shard === shard).sort(byStart);
    for (const [index, batch] of own.entries()) {
      assert.deepEqual(batch.records.toSorted(ascending), batch.records, tell(batch));
      const before = own[index - 1];
      if (before === undefined) continue;
      const label = `${tell(before)}, then ${tell(batch)}`;
      assert(batch.startedAtMs >= Math.floor(before.endedAtMs), `at the same time: ${label}`);
      const again = unlucky.has(before.consumer) && positionOf(batch.from) < positionOf(before.to);
      assert(again || batch.from === before.to, `not in order: ${label}`);
    }
  }
}

const ascending = (one: number, other: number): number => one - other;
const byStart = (one: ConsumedBatch, other: ConsumedBatch): number => one.startedAtMs - other.startedAtMs;
