import assert from 'node:assert/strict';
import type { Driver } from './driver.ts';
import { conclude, everyShardIsRead, works } from './mixed/conclude.ts';
import { startProducer } from './mixed/producer.ts';
import type { StartMixedService } from './mixed/service.ts';
import { startMixedStage } from './mixed/stage.ts';

/**
 * An official worker stands still in the middle of its work, for longer than its timeout, and goes on. Meanwhile others
 * have its shards: what it still does to them counts for nothing, until it finds out and joins anew. For workers that
 * commit by force, who do move checkpoints then, this cannot hold.
 */
export async function outlastFrozenWorker(driver: Driver, startService: StartMixedService): Promise<string> {
  await using stage = await startMixedStage(driver, startService);
  const { service, batches, strays, watch, unlucky } = stage;
  await using producer = startProducer(service.put);

  const workerA = await stage.worker('worker-a');
  const workerB = await stage.worker('worker-b');
  const slot0 = await stage.slot('slot-0');
  await Promise.all(['worker-a', 'worker-b', 'slot-0'].map((consumer) => works(stage, consumer, 0)));
  await stage.nextBatchOf('worker-a');
  workerA.freeze();
  unlucky.add('worker-a');
  // That others read its shards means that its timeout is past.
  await everyShardIsRead(batches);
  watch.dropped('worker-a');
  workerA.thaw();
  await works(stage, 'worker-a');
  await everyShardIsRead(batches);
  await workerB.leave();
  await everyShardIsRead(batches);
  const remark = await conclude(stage, producer, [workerA, slot0]);
  assert.deepEqual(watch.strayCommits, []);
  return `${remark}, ${strays.length} batches by whoever was dropped`;
}
