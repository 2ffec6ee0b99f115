import { deriveTimes } from '../../../lib/config/times.ts';
import { createLogger } from '../../../lib/observe/logger.ts';
import { createClsClient } from '../../../lib/sources/cls/client.ts';
import { createCls } from '../../../lib/sources/cls/create.ts';
import { type ClsOptions, startCls } from '../../../local/cls/service.ts';
import { createCountingRandom } from '../../support/clock.ts';
import { INTERVAL_MS } from '../../support/world.ts';
import { GROUP, type ProviderStage, type StageOptions } from './stage.ts';

const { signal } = new AbortController();
const account = { accessKeyId: 'id', accessKeySecret: 'secret' };
const noAws = { region: () => Promise.reject(), credentials: () => Promise.reject() };
export const LOGSET = '11111111-1111-4111-8111-111111111111';
export const TOPIC = '22222222-2222-4222-8222-222222222222';
/** Beyond what a number holds exactly. */
const FIRST_OFFSET = 2n ** 53n + 1n;

/** How the live service behaves in these is not known: what we do must be right in all cases. */
export type ClsBehaviour = Pick<ClsOptions, 'handOver' | 'fencedCommits'>;

export async function startClsStage(
  { clock, shards }: StageOptions,
  behaviour: ClsBehaviour = {},
  coordination: 'dynamodb' | 'provider' = 'provider',
) {
  const failing = { commits: false };
  const service = await startCls({
    accounts: [account],
    clock,
    firstOffset: FIRST_OFFSET,
    inject: ({ operation }) =>
      failing.commits && operation === 'CommitConsumerOffsets'
        ? { status: 400, code: 'InvalidParameter' }
        : undefined,
    ...behaviour,
  });
  service.createLogset(LOGSET);
  service.createTopic(LOGSET, TOPIC, { partitions: shards });
  const cls = {
    region: 'ap-guangzhou',
    network: 'public',
    endpoint: service.url,
    apiEndpoint: service.url,
    logset: LOGSET,
    topics: [TOPIC],
    pullBytesMax: 2 * 1024 * 1024,
    credentials: () => account,
  } as const;
  const runtime = { clock, random: createCountingRandom() };
  const logger = createLogger({ level: 'error', write: console.error, now: clock.now });
  const settings = { cls, group: GROUP, coordination, times: deriveTimes(INTERVAL_MS) };
  const { source, provider } = createCls(settings, { ...runtime, logger, aws: noAws });
  const client = createClsClient({ ...cls, ...runtime });
  return {
    service,
    source,
    provider,
    client,
    keepsOrder: false,
    waits: behaviour.handOver !== 'immediate',
    shard: (index: number) => `${TOPIC}:${index + 1}`,
    put: async (hashKey: string, ...contents: string[]) => {
      const logs = contents.map((content) => ({ timeMs: clock.now(), fields: { content } }));
      await client.putLogs(TOPIC, [{ logs }], { hashKey: hashKey.padEnd(32, '0') }, signal);
    },
    ends: () => service.endOffsets(TOPIC),
    split: (index: number) => void service.split(TOPIC, index + 1),
    failing,
    close: () => service.close(),
  };
}

/** The stage of a service that behaves so. */
export const clsStage =
  (behaviour: ClsBehaviour) =>
  async (options: StageOptions): Promise<ProviderStage> => {
    const { provider, ...stage } = await startClsStage(options, behaviour);
    return { ...stage, provider: provider! };
  };
