import { createCls } from '../../../lib/compose/cls.ts';
import { createLogger } from '../../../lib/observe/logger.ts';
import { createClsClient } from '../../../lib/sources/cls/client.ts';
import type { ServiceGroup } from '../../../lib/sources/serviceGroup.ts';
import { deriveTimes, type Times } from '../../../lib/times.ts';
import { createClsWriter } from '../../../local/clients/cls/writer.ts';
import { type ClsOptions, startCls } from '../../../local/cls/service.ts';
import { createCountingRandom, type ManualClock } from '../../support/clock.ts';
import { INTERVAL_MS } from '../../support/world.ts';
import { type Failing, GROUP, type ServiceStage, type StageOptions } from './stage.ts';

const { signal } = new AbortController();
const account = { accessKeyId: 'id', accessKeySecret: 'secret' };
const noAws = { region: () => Promise.reject(), credentials: () => Promise.reject() };
export const LOGSET = '11111111-1111-4111-8111-111111111111';
export const TOPIC = '22222222-2222-4222-8222-222222222222';
/** Beyond what a number holds exactly. */
const FIRST_OFFSET = 2n ** 53n + 1n;

const FAILS_WITH: Record<string, keyof Failing> = {
  CommitConsumerOffsets: 'commits',
  SendConsumerHeartbeat: 'heartbeats',
  DescribeConsumerOffsets: 'checkpoints',
};

/** How the live service behaves in these is not known: what we do must be right in all cases. */
export type ClsBehaviour = Pick<ClsOptions, 'handOver' | 'fencedCommits'>;

export interface ClsStageOptions {
  clock: ManualClock;
  /** Topics, each with so many partitions. */
  topics: Record<string, number>;
  coordination?: 'own' | 'service' | undefined;
  service?: Partial<ClsOptions> | undefined;
  /** Less than the settings allow: several pulls, where little is put. */
  pullBytesMax?: number | undefined;
  times?: Times | undefined;
}

/** A local CLS with its topics, and what a function makes of its settings to read them. */
export async function startClsStage({ clock, topics, coordination = 'service', ...given }: ClsStageOptions) {
  const { pullBytesMax = 2 * 1024 * 1024, times = deriveTimes(INTERVAL_MS) } = given;
  const service = await startCls({ accounts: [account], clock, firstOffset: FIRST_OFFSET, ...given.service });
  service.createLogset(LOGSET);
  for (const [topic, partitions] of Object.entries(topics)) {
    service.createTopic(LOGSET, topic, { partitions, retentionDays: 1 });
  }
  const cls = {
    region: 'ap-guangzhou',
    network: 'public',
    endpoint: service.url,
    apiEndpoint: service.url,
    logset: LOGSET,
    topics: Object.keys(topics) as [string, ...string[]],
    pullBytesMax,
    credentials: () => account,
  } as const;
  const runtime = { clock, random: createCountingRandom() };
  const logged: string[] = [];
  const logger = createLogger({ level: 'warn', write: (line) => logged.push(line), now: clock.now });
  const settings = { cls, group: GROUP, coordination, times };
  const { source, serviceGroup } = createCls(settings, { ...runtime, logger, aws: noAws });
  /** A driver that has another session timeout in its settings. */
  const groupWith = (sessionTimeoutMs: number): ServiceGroup => {
    const theirs = { ...settings, times: { ...settings.times, sessionTimeoutMs } };
    return createCls(theirs, { ...runtime, logger, aws: noAws }).serviceGroup!;
  };
  const client = createClsClient({ ...cls, ...runtime });
  const writer = createClsWriter({ ...cls, ...runtime });
  /** One record each into the partition that takes the key's half, quarter, … of the range. */
  const put = (topic: string, hashKey: string, ...contents: string[]): Promise<void> => {
    const logs = contents.map((content) => ({ timeMs: clock.now(), fields: { content } }));
    return writer.putLogs(topic, [{ logs }], { hashKey: hashKey.padEnd(32, '0') }, signal);
  };
  return { service, source, serviceGroup, groupWith, client, put, logged };
}

/** The stage of a service that behaves so. */
export const clsStage =
  (behaviour: ClsBehaviour) =>
  async ({ clock, shards, pullBytesMax, times }: StageOptions): Promise<ServiceStage> => {
    const failing: Failing = { commits: false, heartbeats: false, checkpoints: false };
    const inject: ClsOptions['inject'] = ({ operation }) => {
      const what = FAILS_WITH[operation];
      return what !== undefined && failing[what] ? { status: 400, code: 'InvalidParameter' } : undefined;
    };
    const options = {
      clock,
      topics: { [TOPIC]: shards },
      service: { ...behaviour, inject },
      pullBytesMax,
      times,
    };
    const { service, source, serviceGroup, groupWith, client, put, logged } = await startClsStage(options);
    return {
      source,
      serviceGroup: serviceGroup!,
      keepsOrder: false,
      waits: behaviour.handOver !== 'immediate',
      shard: (index) => `${TOPIC}:${index + 1}`,
      put: (hashKey, ...contents) => put(TOPIC, hashKey, ...contents),
      ends: () => service.endOffsets(TOPIC),
      split: (index) => void service.split(TOPIC, index + 1),
      merge: (index) => void service.merge(TOPIC, index + 1),
      addPartition: () => void service.addPartitions(TOPIC, 1),
      joinAsOfficial: async (sessionTimeoutMs) => {
        await groupWith(sessionTimeoutMs).join(signal);
        logged.length = 0;
      },
      logged,
      commitAsOfficial: (consumer, shard, offset) => {
        const offsets = [{ topic: TOPIC, partition: Number(shard.split(':')[1]), offset }];
        return client.commitConsumerOffsets({ group: GROUP, consumer, offsets }, signal);
      },
      failing,
      close: service.close,
    };
  };
