import { type ConsumedBatch, countRecords, until, within } from './consumed.ts';
import { type Driver, type Environment, start } from './driver.ts';

export interface Consumption {
  batches: ConsumedBatch[];
  /** The group's checkpoints, by shard: a consumer's last words. */
  checkpoints: Record<string, string>;
}

export interface ConsumptionOptions {
  driver: Driver;
  environment: Environment;
  recordCount: number;
  /** Makes the records, while the consumer is at work already. */
  produce(): Promise<unknown>;
}

/** Starts an SDK's own consumer, tells it to leave when it has processed so many records, and returns what it told. */
export async function consumeToTheEnd(options: ConsumptionOptions): Promise<Consumption> {
  const { driver, environment, recordCount, produce } = options;
  const batches: ConsumedBatch[] = [];
  let checkpoints: Consumption['checkpoints'] | undefined;
  const consumer = start(driver, 'worker', environment, (line) => {
    const told = line as Consumption | ConsumedBatch;
    if ('checkpoints' in told) checkpoints = told.checkpoints;
    else batches.push({ ...told, consumer: 'sole' });
  });
  try {
    const consumed = until('every record', () => countRecords(batches) >= recordCount);
    // A consumer that ends before it has read everything does so for a reason, which is then thrown.
    await Promise.race([consumer.ended, Promise.all([produce(), consumed])]);
    consumer.process.kill('SIGTERM');
    await within('the consumer to leave', consumer.ended);
  } finally {
    consumer.process.kill('SIGKILL');
  }
  if (checkpoints === undefined) throw new Error('the consumer left without a word');
  return { batches, checkpoints };
}
