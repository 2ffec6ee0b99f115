import 'shardbeat/stacks';
import { consume } from 'shardbeat';

/** One tick of the slot that the event names: the schedules send `{ "slot": "consumer-0" }` and so on. */
export const handler = consume({
  eachBatch: (batch, { logger }) => {
    let records = 0;
    for (const _ of batch.records) records += 1;
    logger.info('batch.counted', { records });
  },
});
