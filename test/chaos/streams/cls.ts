import { systemRandom } from '../../../lib/runtime.ts';
import { createClsWriter } from '../../../local/clients/cls/writer.ts';
import { startCls } from '../../../local/cls/service.ts';
import type { StartStream } from './stream.ts';

const KEY = { accessKeyId: 'local', accessKeySecret: 'local-secret' };
const REGION = 'ap-guangzhou';
const TOPICS = 2;
/** Beyond 2^53, and odd: whatever puts it through a number gets another one. */
const FIRST_OFFSET = 2n ** 53n + 1n;

/** Two topics of a logset of CLS, each with half of the partitions. */
export const startClsStream: StartStream = async ({ shards, clock }) => {
  const cls = await startCls({ accounts: [KEY], clock, firstOffset: FIRST_OFFSET });
  const logset = cls.createLogset();
  const topics = Array.from({ length: TOPICS }, () =>
    cls.createTopic(logset, undefined, { partitions: Math.ceil(shards / TOPICS) }),
  );
  const producer = createClsWriter({
    endpoint: cls.url,
    apiEndpoint: cls.url,
    region: REGION,
    credentials: () => KEY,
    clock,
    random: systemRandom,
  });
  /** By topic, in order of their keys. */
  const idsOf = (status: 'readwrite' | 'readonly'): string[][] =>
    Object.entries(cls.contents()[logset]!).map(([topic, partitions]) =>
      partitions
        .filter((partition) => partition.Status === status)
        .sort((a, b) => (a.InclusiveBeginKey < b.InclusiveBeginKey ? -1 : 1))
        .map(({ PartitionId }) => `${topic}:${PartitionId}`),
    );
  return {
    environment: environmentOf(cls.url, logset, topics),
    put: (hashKey, logs, signal) => {
      const topic = topics[Number.parseInt(hashKey.slice(-1), 16) % TOPICS]!;
      return producer.putLogs(topic, [{ source: '127.0.0.1', logs }], { hashKey }, signal);
    },
    openShards: () => idsOf('readwrite').flat(),
    mergeableShards: () => idsOf('readwrite').flatMap((ids) => ids.slice(0, -1)),
    closedShards: () => idsOf('readonly').flat(),
    split: (shard) => void cls.split(...partitionOf(shard)),
    merge: (shard) => void cls.merge(...partitionOf(shard)),
    endCursors: () => Object.assign({}, ...topics.map(cls.endOffsets)),
    close: cls.close,
  };
};

function partitionOf(shard: string): [topic: string, partition: number] {
  const [topic = '', partition] = shard.split(':');
  return [topic, Number(partition)];
}

function environmentOf(url: string, logset: string, topics: readonly string[]): Record<string, string> {
  return {
    SHARDBEAT_SOURCE: 'cls',
    SHARDBEAT_CLS_ENDPOINT: url,
    SHARDBEAT_CLS_API_ENDPOINT: url,
    SHARDBEAT_CLS_REGION: REGION,
    SHARDBEAT_CLS_LOGSET: logset,
    SHARDBEAT_CLS_TOPICS: topics.join(','),
    SHARDBEAT_CLS_ACCESS_KEY_ID: KEY.accessKeyId,
    SHARDBEAT_CLS_ACCESS_KEY_SECRET: KEY.accessKeySecret,
  };
}
