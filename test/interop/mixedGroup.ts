import assert from 'node:assert/strict';
import { assertInOrder, assertNoneLost, type ConsumedBatch, countRecords, until } from './consumed.ts';
import type { Driver } from './driver.ts';
import { startProducer } from './mixed/producer.ts';
import { SHARDS, type StartMixedService } from './mixed/service.ts';
import { startMixedStage } from './mixed/stage.ts';

/**
 * Two official workers and two slots of our function in one group, joining, dying and leaving while records are put:
 * every record is processed, in the order of its shard, and no shard ever has two readers.
 */
export async function shareGroup(driver: Driver, startService: StartMixedService): Promise<string> {
  await using stage = await startMixedStage(driver, startService);
  const { service, batches, watch, troubles, unlucky } = stage;
  await using producer = startProducer(service.put);
  const works = (consumer: string, since = batches.length) =>
    until(`${consumer} to work`, () => batches.slice(since).some((batch) => batch.consumer === consumer));

  const workerA = await stage.worker('worker-a');
  const slot0 = await stage.slot('slot-0');
  await Promise.all([works('worker-a', 0), works('slot-0', 0)]);
  const workerB = await stage.worker('worker-b');
  const slot1 = await stage.slot('slot-1');
  await Promise.all(['worker-a', 'slot-0', 'worker-b', 'slot-1'].map((consumer) => works(consumer)));
  await stage.nextBatchOf('worker-a');
  workerA.kill();
  unlucky.add('worker-a').add('slot-1');
  await stage.nextBatchOf('slot-1');
  slot1.kill();
  await everyShardIsRead(batches);
  await works('slot-1');
  await slot0.leave();
  await everyShardIsRead(batches);
  await workerB.leave();
  await everyShardIsRead(batches);

  const recordCount = await producer.stop();
  const processed = (): number => new Set(batches.flatMap(({ records }) => records)).size;
  await until('every record', () => processed() === recordCount);
  await slot1.leave();
  assert.deepEqual(troubles, []);
  assert.deepEqual(watch.violations, []);
  assertNoneLost(batches, recordCount);
  assertInOrder(batches, service.positionOf, unlucky);
  assert.deepEqual(await service.checkpoints(), service.endCursors());
  const repeated = countRecords(batches) - recordCount;
  return `${recordCount} records in ${batches.length} batches, ${repeated} repeated, ${watch.readerCount()} readers of ${SHARDS} shards`;
}

/** Whatever became of its reader, every shard has one again. */
async function everyShardIsRead(batches: readonly ConsumedBatch[]): Promise<void> {
  const since = batches.length;
  const read = (): number => new Set(batches.slice(since).map(({ shard }) => shard)).size;
  await until('every shard to be read', () => read() === SHARDS);
}
