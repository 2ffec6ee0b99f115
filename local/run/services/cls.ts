import { strict as assert } from 'node:assert';
import { SettingsError, SourceError } from '../../../lib/errors.ts';
import { type Clock, systemRandom } from '../../../lib/runtime.ts';
import { createClsWriter } from '../../clients/cls/writer.ts';
import { type ClsService, startCls } from '../../cls/service.ts';
import { tooMuch } from '../inputs.ts';
import { type LogService, type LogServiceKind, portTaken } from './service.ts';

const KEY = { accessKeyId: 'local', accessKeySecret: 'local-secret' };
const TOPICS_MAX = 2;
/** Beyond 2^53, and odd: whatever puts it through a number gets another one. */
const FIRST_OFFSET = 2n ** 53n + 1n;

/** A topic with the name that it has for a person. */
interface Topic {
  id: string;
  name: string;
}

/** Tencent Cloud CLS: the partitions are divided over two topics of a logset, so that the consumer group spans both. */
export const CLS: LogServiceKind = {
  name: 'CLS',
  // Of one value: https://cloud.tencent.com/document/product/614/87660; the Go SDK refuses more than 1,048,576 bytes.
  lineBytesMax: 1_048_576,
  start: async ({ shards, port, bytesMax, clock }) => {
    const options = { accounts: [KEY], clock, storedBytesMax: bytesMax, firstOffset: FIRST_OFFSET };
    const cls = await startCls({ port, ...options }).catch((error: unknown) => {
      throw error instanceof SettingsError ? portTaken('--cls-port', port) : error;
    });
    const logset = cls.createLogset();
    const topics = createTopics(cls, logset, shards);
    const named = topics.map(({ id, name }) => `topic ${name} is ${id}`);
    return {
      introduction: `CLS on ${cls.url} (${named.join(', ')})`,
      environment: environmentOf(cls.url, logset, topics),
      put: createPut(cls, logset, topics, clock),
      endCursors: () => Object.assign({}, ...topics.map(({ id }) => cls.endOffsets(id))),
      shardName: (shard) => nameOf(shard, topics),
      close: cls.close,
    };
  },
};

/** Named in the order of their ids, which is the order of their partitions' ids as well. */
function createTopics(cls: ClsService, logset: string, shards: number): Topic[] {
  const count = Math.min(TOPICS_MAX, shards);
  const ids = Array.from({ length: count }, (_, index) =>
    cls.createTopic(logset, undefined, { partitions: Math.ceil((shards - index) / count) }),
  );
  return ids.sort().map((id, index) => ({ id, name: String.fromCharCode('a'.charCodeAt(0) + index) }));
}

/** The hash key of an upload decides on the partition: the first key of a partition's range leads there. */
function createPut(
  cls: ClsService,
  logset: string,
  topics: readonly Topic[],
  clock: Clock,
): LogService['put'] {
  const writer = createClsWriter({
    endpoint: cls.url,
    apiEndpoint: cls.url,
    region: 'ap-guangzhou',
    credentials: () => KEY,
    clock,
    random: systemRandom,
  });
  const contents = cls.contents()[logset]!;
  const partitions = topics.flatMap(({ id }) =>
    contents[id]!.map(({ InclusiveBeginKey }) => ({ topic: id, hashKey: InclusiveBeginKey })),
  );
  return async (shardIndex, logs, signal) => {
    const partition = partitions[shardIndex];
    assert(partition !== undefined, `there is no partition ${shardIndex}`);
    try {
      const { topic, hashKey } = partition;
      await writer.putLogs(topic, [{ source: '127.0.0.1', logs }], { hashKey }, signal);
    } catch (error) {
      if (error instanceof SourceError && error.code === 'LogSizeExceed') throw tooMuch('all inputs');
      throw error;
    }
  };
}

function nameOf(shard: string, topics: readonly Topic[]): string {
  const [topic, partition] = shard.split(':');
  const name = topics.find(({ id }) => id === topic)?.name;
  return name === undefined ? shard : `${name}:${partition}`;
}

function environmentOf(url: string, logset: string, topics: readonly Topic[]): Record<string, string> {
  return {
    SHARDBEAT_SOURCE: 'cls',
    SHARDBEAT_CLS_ENDPOINT: url,
    SHARDBEAT_CLS_API_ENDPOINT: url,
    SHARDBEAT_CLS_REGION: 'ap-guangzhou',
    SHARDBEAT_CLS_LOGSET: logset,
    SHARDBEAT_CLS_TOPICS: topics.map(({ id }) => id).join(','),
    SHARDBEAT_CLS_ACCESS_KEY_ID: KEY.accessKeyId,
    SHARDBEAT_CLS_ACCESS_KEY_SECRET: KEY.accessKeySecret,
  };
}
