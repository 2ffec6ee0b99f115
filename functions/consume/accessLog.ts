import type { EachBatch } from '../../lib/index.ts';

/**
 * What is done with the records: put your own code here. It is given one shard's next records, in order; when it returns,
 * their checkpoint is written; when it throws, they come again. This one counts records and bytes.
 */
export const eachBatch: EachBatch = (batch, context) => {
  let records = 0;
  let bytes = 0;
  for (const record of batch.records) {
    records += 1;
    for (const field of record.fields()) bytes += record.bytes(field)?.length ?? 0;
  }
  context.logger.info('batch.processed', { batch: batch.id, shard: batch.shard, records, bytes });
};
