import { createClsClient, type PartitionInfo } from '../../../lib/sources/cls/client.ts';
import { partitionOf, shardOf } from '../../../lib/sources/cls/shardId.ts';
import { createClsStream } from '../../../lib/sources/cls/stream.ts';
import { createClsWriter } from '../../../local/clients/cls/writer.ts';
import { startCls } from '../../../local/cls/service.ts';
import { type ClosableBackend, describeSource } from '../../conformance/source.ts';
import { createManualClock } from '../../support/clock.ts';
import { CREDENTIALS, LOGSET, optionsFor, signal, TOPIC } from './support.ts';

describeSource('cls', () => startBackend(0n));
describeSource('cls, with pulls of many messages', () => startBackend(0n, 2 * 1024 * 1024));
describeSource('cls, with offsets that no number holds', () => startBackend(2n ** 53n + 1n));

async function startBackend(firstOffset: bigint, pullBytesMax = 1): Promise<ClosableBackend> {
  const clock = createManualClock();
  const service = await startCls({ accounts: [CREDENTIALS], clock, firstOffset });
  service.createLogset(LOGSET);
  service.createTopic(LOGSET, TOPIC, { partitions: 2 });
  const client = createClsClient({ ...optionsFor(service), clock, logset: LOGSET });
  const writer = createClsWriter({ ...optionsFor(service), clock });
  // Unless said otherwise the least that may be asked for: then every message comes alone.
  const source = createClsStream({ client, topics: [TOPIC], positionsGroup: 'positions', pullBytesMax });
  const involved = (topic: string, partitions: PartitionInfo[], wanted: string): string[] =>
    partitions.filter(({ status }) => status === wanted).map(({ id }) => shardOf({ topic, partition: id }));

  return {
    source,
    put: async (shard, lines) => {
      const { topic, partition } = partitionOf(shard);
      const partitions = await client.describePartitions(topic, signal);
      const hashKey = partitions.find(({ id }) => id === partition)!.beginKey;
      const logs = lines.map((line) => ({ timeMs: clock.now(), fields: { line } }));
      await writer.putLogs(topic, [{ logs }], { hashKey }, signal);
    },
    split: async (shard) => {
      const partition = partitionOf(shard);
      return involved(
        partition.topic,
        await writer.splitPartition(partition, { count: 2 }, signal),
        'readwrite',
      );
    },
    merge: async (shard) => {
      const partition = partitionOf(shard);
      const partitions = await writer.mergePartition(partition, signal);
      const [child] = involved(partition.topic, partitions, 'readwrite');
      return { parents: involved(partition.topic, partitions, 'readonly'), child: child! };
    },
    now: clock.now,
    advance: clock.advance,
    closeAll: service.close,
  };
}
