import assert from 'node:assert/strict';

/** What a consumer tells of every call of its processor. */
export interface ConsumedBatch {
  consumer: string;
  shard: number;
  /** Cursors: what was read lies between them. */
  from: string;
  to: string;
  startedAtMs: number;
  endedAtMs: number;
  /** The records' numbers. They grow within a shard. */
  records: number[];
}

/** A consumer's last words: the group's checkpoints, by shard. */
export interface Farewell {
  checkpoints: Record<string, string>;
}

/** Collects what consumers tell, and waits for it to be enough. */
export function createLedger(recordCount: number) {
  const batches: ConsumedBatch[] = [];
  const seen = new Set<number>();
  const complete = Promise.withResolvers<void>();
  return {
    batches,
    seen,
    /** Resolves when every record was seen. */
    complete: complete.promise,
    add(batch: ConsumedBatch): void {
      batches.push(batch);
      for (const record of batch.records) seen.add(record);
      if (seen.size === recordCount) complete.resolve();
    },
  };
}

/** Every record from 0 on was processed, and, unless it may be repeated, once. */
export function assertNoneLost(batches: readonly ConsumedBatch[], recordCount: number, once: boolean): void {
  const processed = batches.flatMap(({ records }) => records).sort((one, other) => one - other);
  const wanted = Array.from({ length: recordCount }, (_, index) => index);
  assert.deepEqual(once ? processed : [...new Set(processed)], wanted);
}

/** Within each shard a consumer's records only ever grow: nobody goes back behind what it has read itself. */
export function assertOrdered(batches: readonly ConsumedBatch[]): void {
  const last = new Map<string, number>();
  for (const { consumer, shard, records } of batches) {
    for (const record of records) {
      const key = `${consumer} on shard ${shard}`;
      assert(record > (last.get(key) ?? -1), `${key} read ${record} after ${last.get(key)}`);
      last.set(key, record);
    }
  }
}
