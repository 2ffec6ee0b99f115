import { join } from 'node:path';
import { drain } from '../../../lib/group/operations.ts';
import { createDynamodbStore } from '../../../lib/group/stores/dynamodb.ts';
import { systemClock as clock, systemRandom as random } from '../../../lib/runtime.ts';
import { deriveTimes } from '../../../lib/times.ts';
import { bundleFunction } from '../../../local/run/bundle.ts';
import { makeTemporaryDirectory } from '../../../local/run/temporary.ts';
import { startLocalTable } from '../../support/localTable.ts';
import { type ConsumedBatch, within } from '../consumed.ts';
import type { Driver, Environment } from '../driver.ts';
import { startRelay } from '../relay.ts';
import { type Member, startSlot, startWorker, type Worker } from './members.ts';
import { createReaderWatch } from './readers.ts';
import { GROUP, type StartMixedService } from './service.ts';

const TABLE = 'interop';
/** Of our slots. A tick has four fifths of it: enough on a machine that has other work to do. */
const INTERVAL_MS = 3_000;
const HEARTBEAT_SEC = 3;
/** The SDKs make it two of their intervals. */
const SESSION_TIMEOUT_MS = 2 * HEARTBEAT_SEC * 1_000;

/** Everything that the group needs, and whom it may consist of. What was started is gone when this is disposed of. */
export async function startMixedStage(driver: Driver, startService: StartMixedService) {
  await using started = new AsyncDisposableStack();
  const directory = started.use(await makeTemporaryDirectory());
  const code = await bundleFunction(join(import.meta.dirname, 'userModule.ts'), directory.path);
  const table = await startLocalTable(TABLE);
  started.defer(table.close);
  const service = await startService({ heartbeatSec: HEARTBEAT_SEC, sessionTimeoutMs: SESSION_TIMEOUT_MS });
  started.defer(service.close);
  const store = createDynamodbStore({ client: table.client, table: TABLE, group: GROUP, clock, random });
  const batches: ConsumedBatch[] = [];
  /** What was processed in vain, by whoever had been dropped. */
  const strays: ConsumedBatch[] = [];
  const troubles: string[] = [];
  /** Whose work was cut off: some of it comes again. */
  const unlucky = new Set<string>();
  const heralds = new Map<string, () => void>();
  const watch = createReaderWatch(service.vocabulary);
  const { functionTimeoutMs: timeoutMs } = deriveTimes(INTERVAL_MS, { sessionTimeoutMs: SESSION_TIMEOUT_MS });

  /** Every member speaks through a relay of its own, so that it is known who speaks. */
  const optionsFor = async (consumer: string) => {
    const { url, close } = await startRelay({
      upstream: service.url,
      onRequest: (request) => watch.asked(consumer, request),
      onAnswer: (request, answer) => watch.answered(consumer, request, answer),
    });
    services.defer(close);
    const onBatch = (batch: ConsumedBatch): void => {
      if (watch.isStray(batch)) {
        strays.push(batch);
        return;
      }
      batches.push(batch);
      heralds.get(batch.consumer)?.();
      heralds.delete(batch.consumer);
    };
    return { consumer, url, onBatch };
  };
  const stage = {
    service,
    batches,
    strays,
    troubles,
    unlucky,
    watch,
    /** Resolves as soon as a consumer has processed one more batch: it can hardly have committed it then. */
    nextBatchOf: (consumer: string) =>
      within(`${consumer} to work`, new Promise<void>((resolve) => heralds.set(consumer, resolve))),
    worker: async (consumer: string): Promise<Worker> => {
      const { url, ...options } = await optionsFor(consumer);
      const member = startWorker(driver, { ...options, environment: service.workerEnvironment(url) });
      services.defer(member.kill);
      return member;
    },
    slot: async (consumer: string): Promise<Member> => {
      const { url, ...options } = await optionsFor(consumer);
      const member = await startSlot({
        ...options,
        ...{ intervalMs: INTERVAL_MS, timeoutMs, code },
        environment: { ...functionEnvironment(table.service.endpoint), ...service.slotEnvironment(url) },
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

/** What the function is told, whatever the log service. */
function functionEnvironment(dynamodb: string): Environment {
  return {
    SHARDBEAT_GROUP: GROUP,
    SHARDBEAT_TABLE: TABLE,
    SHARDBEAT_COORDINATION: 'service',
    SHARDBEAT_INTERVAL: `${INTERVAL_MS}ms`,
    SHARDBEAT_SESSION_TIMEOUT: `${SESSION_TIMEOUT_MS}ms`,
    SHARDBEAT_START: 'begin',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
