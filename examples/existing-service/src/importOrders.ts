import type { EachRecord } from 'shardbeat';

/** Would write each order into the table that the HTTP function reads. */
export const eachRecord: EachRecord = (record, { logger }) => {
  logger.info('order.imported', { table: process.env.ORDERS_TABLE, order: record.get('id') });
};
