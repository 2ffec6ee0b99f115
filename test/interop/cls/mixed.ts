import { systemClock as clock, systemRandom as random } from '../../../lib/runtime.ts';
import { shardOf } from '../../../lib/sources/cls/shardId.ts';
import { createClsWriter } from '../../../local/clients/cls/writer.ts';
import { startCls } from '../../../local/cls/service.ts';
import type { WireRequest } from '../../golden/wire.ts';
import type { Put } from '../mixed/producer.ts';
import type { Vocabulary } from '../mixed/readers.ts';
import { GROUP, type MixedService, SHARDS, type Times } from '../mixed/service.ts';
import { ACCOUNT, connect, LOGSET, makeTopics, positionOf, REGION, TOPICS } from './stage.ts';

const PARTITIONS = SHARDS / TOPICS.length;
/** More than a number holds: whoever makes one of an offset reads something else, or nothing. */
const FIRST_OFFSET = 2n ** 53n + 1n;

interface Held {
  TopicPartitionsInfo: { TopicID: string; Partitions: number[] }[];
}

const vocabulary: Vocabulary = {
  pulled: ({ target, body }) => {
    const topic = /^\/pull_log\?topic_id=([\w-]+)$/.exec(target)?.[1];
    if (topic === undefined) return undefined;
    const { PartitionId } = JSON.parse(body.toString()) as { PartitionId: number };
    return shardOf({ topic, partition: PartitionId });
  },
  named: (request) =>
    isHeartbeat(request) ? shardsOf(JSON.parse(request.body.toString()) as Held) : undefined,
  given: ({ body }) => shardsOf((JSON.parse(body.toString()) as { Response: Held }).Response),
  committed: ({ headers }, { body }) =>
    headers['x-tc-action'] === 'CommitConsumerOffsets' && !('Error' in JSON.parse(body.toString()).Response),
};

function isHeartbeat({ headers }: WireRequest): boolean {
  return headers['x-tc-action'] === 'SendConsumerHeartbeat';
}

/** Of a failure there are none. */
function shardsOf({ TopicPartitionsInfo: held = [] }: Partial<Held>): string[] {
  return held.flatMap(({ TopicID: topic, Partitions }) =>
    Partitions.map((partition) => shardOf({ topic, partition })),
  );
}

export async function startMixedCls({ heartbeatSec }: Times): Promise<MixedService> {
  const options = { accounts: [ACCOUNT], firstOffset: FIRST_OFFSET, clock };
  await using started = new AsyncDisposableStack();
  const { url, close, ...service } = await startCls(options);
  started.defer(close);
  makeTopics(
    service,
    TOPICS.map((id) => ({ id, partitions: PARTITIONS })),
  );
  const put = putInto(url);
  started.move();
  return {
    ...{ url, close, vocabulary, positionOf, put },
    workerEnvironment: (reached) => ({
      ...connect(reached),
      INTEROP_GROUP: GROUP,
      INTEROP_HEARTBEAT_SEC: String(heartbeatSec),
    }),
    slotEnvironment: (reached) => ({
      SHARDBEAT_SOURCE: 'cls',
      SHARDBEAT_CLS_ENDPOINT: reached,
      SHARDBEAT_CLS_API_ENDPOINT: reached,
      SHARDBEAT_CLS_REGION: REGION,
      SHARDBEAT_CLS_LOGSET: LOGSET,
      SHARDBEAT_CLS_TOPICS: TOPICS.join(','),
      SHARDBEAT_CLS_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
      SHARDBEAT_CLS_ACCESS_KEY_SECRET: ACCOUNT.accessKeySecret,
    }),
    checkpoints: async () => service.consumerGroup(LOGSET, GROUP).offsets,
    endCursors: () => Object.assign({}, ...TOPICS.map((topic) => service.endOffsets(topic))),
  };
}

/** Without a key, puts go round the partitions of a topic. */
function putInto(url: string): Put {
  const names = { region: REGION, endpoint: url, apiEndpoint: url };
  const writer = createClsWriter({ ...names, credentials: () => ACCOUNT, clock, random });
  const signal = AbortSignal.timeout(300_000);
  return async (turn, numbers) => {
    const logs = numbers.map((n) => ({ timeMs: clock.now(), fields: { n: String(n) } }));
    await writer.putLogs(TOPICS[turn % TOPICS.length]!, [{ logs }], {}, signal);
  };
}
