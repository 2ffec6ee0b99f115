import { join } from 'node:path';
import { buildFunctions } from '../../../build.ts';
import { deriveTimes } from '../../../lib/config/times.ts';
import { drain } from '../../../lib/group/operations.ts';
import { createDynamodbStore } from '../../../lib/group/stores/dynamodb.ts';
import { systemClock as clock, systemRandom as random } from '../../../lib/runtime.ts';
import { createSlsConsumerGroup } from '../../../lib/sources/sls/consumerGroup.ts';
import { makeTemporaryDirectory } from '../../../local/run/temporary.ts';
import { startSls } from '../../../local/sls/service.ts';
import { startLocalTable } from '../../support/localTable.ts';
import { type ConsumedBatch, within } from '../consumed.ts';
import type { Driver } from '../driver.ts';
import { startRelay } from '../relay.ts';
import { ACCOUNT, LOGSTORE, PROJECT } from '../stage.ts';
import { type Member, startSlot, startWorker } from './members.ts';
import { createReaderWatch } from './readers.ts';

const GROUP = 'billing';
const TABLE = 'interop';
export const SHARDS = 8;
const INTERVAL_MS = 2_000;
const HEARTBEAT_SEC = 3;
/** The SDK makes it two of its intervals; were ours another one, each newcomer would change the group. */
const SESSION_TIMEOUT_MS = 2 * HEARTBEAT_SEC * 1_000;

/** Everything that the group needs, and whom it may consist of. What was started is gone when this is disposed of. */
export async function startMixedStage(driver: Driver) {
  await using started = new AsyncDisposableStack();
  const directory = started.use(await makeTemporaryDirectory());
  await buildFunctions(directory.path);
  const table = await startLocalTable(TABLE);
  started.defer(table.close);
  const sls = await startSls({ accounts: [ACCOUNT], clock });
  started.defer(sls.close);
  sls.createProject(PROJECT);
  sls.createLogstore(PROJECT, LOGSTORE, { shards: SHARDS });
  const names = { endpoint: sls.url, project: PROJECT, logstore: LOGSTORE, region: 'local' };
  const settings = { sessionTimeoutMs: SESSION_TIMEOUT_MS, order: true };
  const group = createSlsConsumerGroup({
    ...{ ...names, ...settings, group: GROUP, clock, random },
    credentials: () => ACCOUNT,
  });
  const store = createDynamodbStore({ client: table.client, table: TABLE, group: GROUP, clock, random });
  const batches: ConsumedBatch[] = [];
  const troubles: string[] = [];
  /** Whose work was cut off: some of it comes again. */
  const unlucky = new Set<string>();
  const heralds = new Map<string, () => void>();
  const watch = createReaderWatch();
  const { functionTimeoutMs: timeoutMs } = deriveTimes(INTERVAL_MS, { sessionTimeoutMs: SESSION_TIMEOUT_MS });

  /** Every member speaks through a relay of its own, so that it is known who speaks. */
  const optionsFor = async (consumer: string) => {
    const relay = await startRelay({
      upstream: sls.url,
      onRequest: (request) => watch.asked(consumer, request),
      onAnswer: (request, answer) => watch.answered(consumer, request, answer),
    });
    services.defer(relay.close);
    const onBatch = (batch: ConsumedBatch): void => {
      batches.push(batch);
      heralds.get(batch.consumer)?.();
      heralds.delete(batch.consumer);
    };
    return { consumer, url: relay.url, onBatch };
  };
  const stage = {
    batches,
    troubles,
    unlucky,
    watch,
    url: sls.url,
    /** Resolves as soon as a consumer has processed one more batch: it can hardly have committed it then. */
    nextBatchOf: (consumer: string) =>
      within(`${consumer} to work`, new Promise<void>((resolve) => heralds.set(consumer, resolve))),
    endCursors: () => sls.endCursors(PROJECT, LOGSTORE),
    checkpoints: async () => Object.fromEntries(await group.checkpoints(AbortSignal.timeout(5_000))),
    worker: async (consumer: string): Promise<Member> => {
      const pace = { INTEROP_GROUP: GROUP, INTEROP_HEARTBEAT_SEC: String(HEARTBEAT_SEC) };
      const member = startWorker(driver, await optionsFor(consumer), pace);
      services.defer(member.kill);
      return member;
    },
    slot: async (consumer: string): Promise<Member> => {
      const member = await startSlot({
        ...(await optionsFor(consumer)),
        ...{ intervalMs: INTERVAL_MS, timeoutMs, bundle: join(directory.path, 'consume/handler.mjs') },
        environment: environmentOf(table.service.endpoint),
        drain: () => drain(store, consumer, { signal: AbortSignal.timeout(5_000) }),
        onCutOff: () => void unlucky.add(consumer),
        onTrouble: (trouble) => void troubles.push(trouble),
      });
      services.defer(member.consumers.stop);
      return member;
    },
    [Symbol.asyncDispose]: () => services.disposeAsync(),
  };
  const services = started.move();
  return stage;
}

function environmentOf(dynamodb: string): Record<string, string> {
  return {
    SHARDBEAT_GROUP: GROUP,
    SHARDBEAT_TABLE: TABLE,
    SHARDBEAT_COORDINATION: 'provider',
    SHARDBEAT_INTERVAL: `${INTERVAL_MS}ms`,
    SHARDBEAT_SESSION_TIMEOUT: `${SESSION_TIMEOUT_MS}ms`,
    SHARDBEAT_START: 'begin',
    SHARDBEAT_SOURCE: 'sls',
    SHARDBEAT_SLS_PROJECT: PROJECT,
    SHARDBEAT_SLS_LOGSTORE: LOGSTORE,
    SHARDBEAT_SLS_REGION: 'local',
    SHARDBEAT_SLS_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: ACCOUNT.accessKeySecret,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
