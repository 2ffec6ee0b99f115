import { systemClock as clock, systemRandom as random } from '../../../lib/runtime.ts';
import { createSlsConsumerGroup } from '../../../lib/sources/sls/consumerGroup.ts';
import { createSlsWriter, type WriterOptions } from '../../../local/clients/sls/writer.ts';
import { startSls } from '../../../local/sls/service.ts';
import type { Put } from '../mixed/producer.ts';
import type { Vocabulary } from '../mixed/readers.ts';
import { GROUP, type MixedService, SHARDS, type Times } from '../mixed/service.ts';
import { ACCOUNT, connect, LOGSTORE, PROJECT, positionOf } from './stage.ts';

const vocabulary: Vocabulary = {
  pulled: ({ target }) => /\/shards\/(\d+)\?.*\btype=logs?\b/.exec(target)?.[1],
  named: ({ target, body }) =>
    /\/consumergroups\/.*\btype=heartbeat\b/.test(target) ? shardsOf(body) : undefined,
  given: ({ body }) => shardsOf(body),
  committed: ({ target }, { status }) =>
    status === 200 && /\/consumergroups\/.*\btype=checkpoint\b/.test(target),
};

function shardsOf(body: Buffer): string[] {
  return (JSON.parse(body.toString()) as number[]).map(String);
}

export async function startMixedSls({ heartbeatSec, sessionTimeoutMs }: Times): Promise<MixedService> {
  await using started = new AsyncDisposableStack();
  const { url, close, ...service } = await startSls({ accounts: [ACCOUNT], clock });
  started.defer(close);
  service.createProject(PROJECT);
  service.createLogstore(PROJECT, LOGSTORE, { shards: SHARDS });
  const names = { endpoint: url, project: PROJECT, logstore: LOGSTORE, region: 'local' };
  const settings = { ...names, credentials: () => ACCOUNT, clock, random };
  const group = createSlsConsumerGroup({ ...settings, group: GROUP, sessionTimeoutMs, order: true });
  const keys = service.contents()[PROJECT]![LOGSTORE]!.map(({ inclusiveBeginKey }) => inclusiveBeginKey);
  const put = putInto(settings, keys);
  started.move();
  return {
    ...{ url, close, vocabulary, positionOf, put },
    workerEnvironment: (reached) => ({
      ...connect(reached, 'v4'),
      INTEROP_GROUP: GROUP,
      INTEROP_HEARTBEAT_SEC: String(heartbeatSec),
    }),
    slotEnvironment: (reached) => ({
      SHARDBEAT_SOURCE: 'sls',
      SHARDBEAT_SLS_ENDPOINT: reached,
      SHARDBEAT_SLS_PROJECT: PROJECT,
      SHARDBEAT_SLS_LOGSTORE: LOGSTORE,
      SHARDBEAT_SLS_REGION: 'local',
      SHARDBEAT_SLS_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
      SHARDBEAT_SLS_ACCESS_KEY_SECRET: ACCOUNT.accessKeySecret,
    }),
    checkpoints: async () => Object.fromEntries(await group.checkpoints(AbortSignal.timeout(5_000))),
    endCursors: () => service.endCursors(PROJECT, LOGSTORE),
  };
}

function putInto(settings: WriterOptions, hashKeys: readonly string[]): Put {
  const writer = createSlsWriter(settings);
  const signal = AbortSignal.timeout(300_000);
  return async (turn, numbers) => {
    const logs = numbers.map((n) => ({ timeMs: clock.now(), fields: { n: String(n) } }));
    await writer.putLogs({ logs }, { hashKey: hashKeys[turn % hashKeys.length]! }, signal);
  };
}
