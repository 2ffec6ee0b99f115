import type { EachRecord } from 'shardbeat';

/** Reports the payments that were refused. */
export const eachRecord: EachRecord = (record, { logger }) => {
  if (record.get('result') === 'refused') logger.warn('payment.refused', { payment: record.get('id') });
};
