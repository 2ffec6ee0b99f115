import { createRates } from '../service/rates.ts';
import { refuse } from './errors.ts';
import { type Logstore, nextShard } from './state/logstore.ts';
import type { Project } from './state/project.ts';
import type { Shard } from './state/shard.ts';

/** Limits of the live service. What is left out is not limited, but for `consumerGroups`, of which there are 30. */
export interface Quotas {
  /** Per logstore; beyond it ConsumerGroupQuotaExceed. */
  consumerGroups?: number;
  /** Per project; beyond it ProjectQuotaExceed. */
  logstores?: number;
  /** Readwrite ones per project; beyond it ProjectQuotaExceed. */
  shards?: number;
  /** Pulls of a shard per second; beyond it ShardReadQuotaExceed. */
  shardReads?: number;
  /** Bytes that pulls bring from a shard per second, before compression; beyond it ShardReadQuotaExceed. */
  shardReadBytes?: number;
  /** Puts into a shard per second; beyond it ShardWriteQuotaExceed. */
  shardWrites?: number;
  /** Bytes put into a shard per second, before compression; beyond it ShardWriteQuotaExceed. */
  shardWriteBytes?: number;
  /** Pulls per minute, over a project; beyond it ReadQuotaExceed. */
  projectReads?: number;
  /** Puts per minute, over a project; beyond it WriteQuotaExceed. */
  projectWrites?: number;
  /** Bytes put per minute, over a project, before compression; beyond it WriteQuotaExceed. */
  projectWriteBytes?: number;
}

/**
 * What the documentation states: "Limits on data read and write" (5 MB/s is for an indexed logstore), CreateLogStore,
 * CreateConsumerGroup. Those of a shard are soft there, and hard here: the service may refuse beyond them.
 */
export const DOCUMENTED_QUOTAS = {
  consumerGroups: 30,
  logstores: 200,
  shardReads: 100,
  shardReadBytes: 20 * 1024 ** 2,
  shardWrites: 500,
  shardWriteBytes: 5 * 1024 ** 2,
  projectReads: 600_000,
  projectWrites: 600_000,
  projectWriteBytes: 100 * 1024 ** 3,
} as const satisfies Quotas;

type Rate = Exclude<keyof Quotas, 'consumerGroups' | 'logstores' | 'shards'>;

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

const windowMsOf = (rate: Rate): number => (rate.startsWith('project') ? MINUTE_MS : SECOND_MS);

/** Counts what is used, and refuses what is too much. */
export interface QuotaMeter {
  admitGroup(logstore: Logstore): void;
  /** A logstore that is about to be made, with so many shards. */
  admitLogstore(project: Project, shards: number): void;
  /** A split that makes so many shards of one. */
  admitSplit(project: Project, shards: number): void;
  /** A pull of so many bytes. */
  admitRead(project: Project, shard: Shard, bytes: number, nowMs: number): void;
  /** A put of so many bytes: into the shard that is given, else into the next one in turn that has quota left. */
  admitWrite(
    put: { project: Project; logstore: Logstore; shard?: Shard },
    bytes: number,
    nowMs: number,
  ): Shard;
}

export function createQuotaMeter(quotas: Quotas): QuotaMeter {
  const rates = createRates<Rate>(quotas, windowMsOf);
  const groupsMax = quotas.consumerGroups ?? DOCUMENTED_QUOTAS.consumerGroups;

  const admitShards = (project: Project, added: number): void => {
    if (openShards(project) + added > (quotas.shards ?? Number.POSITIVE_INFINITY)) {
      throw refuse.projectQuotaExceed(`project ${project.name}, shard count quota exceed`);
    }
  };
  return {
    admitGroup: (logstore) => {
      if (logstore.groups.size >= groupsMax) throw refuse.groupQuotaExceed(groupsMax);
    },
    admitLogstore: (project, shards) => {
      if (project.logstores.size >= (quotas.logstores ?? Number.POSITIVE_INFINITY)) {
        throw refuse.projectQuotaExceed(`project ${project.name} logstore count quota exceed`);
      }
      admitShards(project, shards);
    },
    admitSplit: (project, shards) => admitShards(project, shards - 1),
    admitRead: (project, shard, bytes, nowMs) => {
      if (rates.isUsedUp('projectReads', project, nowMs)) throw refuse.readQuotaExceed();
      if (rates.isUsedUp('shardReads', shard, nowMs)) throw refuse.shardReadQuotaExceed('qps');
      if (rates.isUsedUp('shardReadBytes', shard, nowMs)) throw refuse.shardReadQuotaExceed('bytes');
      rates.use('projectReads', project, 1, nowMs);
      rates.use('shardReads', shard, 1, nowMs);
      rates.use('shardReadBytes', shard, bytes, nowMs);
    },
    admitWrite: ({ project, logstore, shard }, bytes, nowMs) => {
      if (rates.isUsedUp('projectWriteBytes', project, nowMs)) throw refuse.projectWriteQuotaExceed('inflow');
      if (rates.isUsedUp('projectWrites', project, nowMs)) throw refuse.projectWriteQuotaExceed('qps');
      const hasQuota = (candidate: Shard): boolean =>
        !rates.isUsedUp('shardWrites', candidate, nowMs) &&
        !rates.isUsedUp('shardWriteBytes', candidate, nowMs);
      if (shard && !hasQuota(shard)) throw refuse.shardWriteQuotaExceed(shard.id);
      const chosen = shard ?? nextShard(logstore, hasQuota);
      if (!chosen) throw refuse.shardsWriteQuotaExceed();
      rates.use('projectWrites', project, 1, nowMs);
      rates.use('projectWriteBytes', project, bytes, nowMs);
      rates.use('shardWrites', chosen, 1, nowMs);
      rates.use('shardWriteBytes', chosen, bytes, nowMs);
      return chosen;
    },
  };
}

function openShards(project: Project): number {
  let count = 0;
  for (const { shards } of project.logstores.values()) {
    count += shards.filter(({ status }) => status === 'readwrite').length;
  }
  return count;
}
