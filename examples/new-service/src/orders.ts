import type { EachBatch } from 'shardbeat';

/** Counts the orders of a batch by their state. */
export const eachBatch: EachBatch = (batch, { logger }) => {
  const counts: Record<string, number> = {};
  for (const record of batch.records) {
    const state = record.get('state') ?? 'unknown';
    counts[state] = (counts[state] ?? 0) + 1;
  }
  logger.info('orders.counted', { counts });
};
