/** A function that keeps what it reads: each record as an object of texts, until what it writes to has answered; and the last batch beyond that. */
import { setTimeout as wait } from 'node:timers/promises';
import type { EachBatch } from '../../lib/index.ts';

/** What it writes to takes so long: until then many shards have a batch in memory. */
const SINK_MS = 1_000;

let last: readonly object[] = [];

export const eachBatch: EachBatch = async (batch) => {
  const kept = Array.from(batch.records, (record) => record.toObject());
  await wait(SINK_MS);
  last = kept;
};

export const lastCount = (): number => last.length;
