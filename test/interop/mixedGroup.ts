import type { Driver } from './driver.ts';
import { conclude, everyShardIsRead, works } from './mixed/conclude.ts';
import { startProducer } from './mixed/producer.ts';
import type { StartMixedService } from './mixed/service.ts';
import { startMixedStage } from './mixed/stage.ts';

/**
 * Two official workers and two slots of our function in one group, joining, dying and leaving while records are put:
 * every record is processed, in the order of its shard, and no shard ever has two readers.
 */
export async function shareGroup(driver: Driver, startService: StartMixedService): Promise<string> {
  await using stage = await startMixedStage(driver, startService);
  const { service, batches, unlucky } = stage;
  await using producer = startProducer(service.put);

  const workerA = await stage.worker('worker-a');
  const slot0 = await stage.slot('slot-0');
  await Promise.all([works(stage, 'worker-a', 0), works(stage, 'slot-0', 0)]);
  const workerB = await stage.worker('worker-b');
  const slot1 = await stage.slot('slot-1');
  await Promise.all(['worker-a', 'slot-0', 'worker-b', 'slot-1'].map((consumer) => works(stage, consumer)));
  await stage.nextBatchOf('worker-a');
  workerA.kill();
  unlucky.add('worker-a').add('slot-1');
  await stage.nextBatchOf('slot-1');
  slot1.kill();
  await everyShardIsRead(batches);
  await works(stage, 'slot-1');
  await slot0.leave();
  await everyShardIsRead(batches);
  await workerB.leave();
  await everyShardIsRead(batches);
  // Awaited here: the stage is taken down as soon as this function returns.
  return await conclude(stage, producer, [slot1]);
}
