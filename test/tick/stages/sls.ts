import { createSls } from '../../../lib/compose/sls.ts';
import { createLogger } from '../../../lib/observe/logger.ts';
import { createTransport } from '../../../lib/sources/sls/transport.ts';
import { deriveTimes } from '../../../lib/times.ts';
import { createSlsWriter } from '../../../local/clients/sls/writer.ts';
import { startSls } from '../../../local/sls/service.ts';
import { createCountingRandom } from '../../support/clock.ts';
import { INTERVAL_MS } from '../../support/world.ts';
import { type Failing, GROUP, type ServiceStage, type StageOptions } from './stage.ts';

const { signal } = new AbortController();
const account = { accessKeyId: 'id', accessKeySecret: 'secret' };
const noAws = { region: () => Promise.reject(), credentials: () => Promise.reject() };

const FAILS_WITH: Record<string, keyof Failing> = {
  ConsumerGroupUpdateCheckPoint: 'commits',
  ConsumerGroupHeartBeat: 'heartbeats',
  GetCheckPoint: 'checkpoints',
};

export async function slsStage({
  clock,
  shards,
  times = deriveTimes(INTERVAL_MS),
}: StageOptions): Promise<ServiceStage> {
  const failing: Failing = { commits: false, heartbeats: false, checkpoints: false };
  const service = await startSls({
    accounts: [account],
    clock,
    inject: ({ operation }) => {
      const what = FAILS_WITH[operation];
      return what !== undefined && failing[what] ? { status: 400, code: 'Injected' } : undefined;
    },
  });
  service.createProject('shop');
  service.createLogstore('shop', 'orders', { shards, ttlDays: 1 });
  const sls = {
    endpoint: service.url,
    project: 'shop',
    logstores: ['orders'],
    region: 'local',
    signature: 'v4',
    compression: 'zstd',
    credentials: () => account,
  } as const;
  const runtime = { clock, random: createCountingRandom() };
  const logged: string[] = [];
  const logger = createLogger({ level: 'warn', write: (line) => logged.push(line), now: clock.now });
  const settings = { sls, group: GROUP, order: true, coordination: 'service', times } as const;
  const { source, serviceGroup } = createSls(settings, { ...runtime, logger, aws: noAws });
  const writer = createSlsWriter({ ...sls, logstore: 'orders', ...runtime });
  const transport = createTransport({ ...sls, ...runtime });
  return {
    source,
    serviceGroup: serviceGroup!,
    keepsOrder: true,
    waits: true,
    shard: String,
    put: (hashKey, ...contents) =>
      writer.putLogs(
        { logs: contents.map((content) => ({ timeMs: clock.now(), fields: { content } })) },
        { hashKey: hashKey.padEnd(32, '0') },
        signal,
      ),
    ends: () => service.endCursors('shop', 'orders'),
    split: (index) => void service.split('shop', 'orders', index),
    merge: (index) => void service.merge('shop', 'orders', index),
    joinAsOfficial: async (sessionTimeoutMs) => {
      const theirs = { ...settings, times: { ...times, sessionTimeoutMs } };
      await createSls(theirs, { ...runtime, logger, aws: noAws }).serviceGroup!.join(signal);
      logged.length = 0;
    },
    logged,
    commitAsOfficial: async (consumer, shard, checkpoint) => {
      await transport({
        method: 'POST',
        path: `/logstores/orders/consumergroups/${GROUP}`,
        query: { type: 'checkpoint', consumer, forceSuccess: 'true' },
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify({ shard: Number(shard), checkpoint })),
        signal,
      });
    },
    failing,
    close: () => service.close(),
  };
}
