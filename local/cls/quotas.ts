import { createRates } from '../service/rates.ts';
import { refuse, refuseData } from './errors.ts';
import type { Partition } from './state/partition.ts';
import { nextPartition, type Topic } from './state/topic.ts';

/** Limits of the live service. What is left out is not limited. */
export interface Quotas {
  /** Requests per second, of each action of the control plane; beyond it RequestLimitExceeded. */
  actions?: number;
  /** Pulls of a partition per second; beyond it SpeedQuotaExceed. */
  partitionReads?: number;
  /** Puts into a partition per second; beyond it SpeedQuotaExceed. */
  partitionWrites?: number;
  /** Bytes put into a partition per second, as they are sent; beyond it SpeedQuotaExceed. */
  partitionWriteBytes?: number;
  /** Of a topic, readonly ones as well; beyond it LimitExceeded.Partition. */
  partitions?: number;
}

/**
 * What the documentation states: 20 requests per second on the page of each action (of an account or of a region: it does
 * not say), the others under "Specifications and Limits", topic partitions.
 */
export const DOCUMENTED_QUOTAS = {
  actions: 20,
  partitionReads: 200,
  partitionWrites: 500,
  partitionWriteBytes: 5 * 1024 ** 2,
  partitions: 50,
} as const satisfies Quotas;

type Rate = Exclude<keyof Quotas, 'partitions'>;

const SECOND_MS = 1000;

/** Counts what is used, and refuses what is too much. */
export interface QuotaMeter {
  /** A request; `action` stands for its action. */
  admitAction(action: object, nowMs: number): void;
  /** A topic that is about to have so many partitions. */
  admitPartitions(count: number): void;
  /** A pull. */
  admitRead(partition: Partition, nowMs: number): void;
  /** A put of so many bytes: into the partition that is given, else into the next one in turn that has quota left. */
  admitWrite(put: { topic: Topic; partition?: Partition }, bytes: number, nowMs: number): Partition;
}

export function createQuotaMeter(quotas: Quotas): QuotaMeter {
  const rates = createRates<Rate>(quotas, () => SECOND_MS);
  return {
    admitAction: (action, nowMs) => {
      if (rates.isUsedUp('actions', action, nowMs)) throw refuse.requestLimit(quotas.actions ?? 0);
      rates.use('actions', action, 1, nowMs);
    },
    admitPartitions: (count) => {
      const max = quotas.partitions;
      if (max !== undefined && count > max) throw refuse.partitionLimit(max);
    },
    admitRead: (partition, nowMs) => {
      if (rates.isUsedUp('partitionReads', partition, nowMs)) {
        throw refuseData.speedQuotaExceed(`The partition ${partition.id} is read too often.`);
      }
      rates.use('partitionReads', partition, 1, nowMs);
    },
    admitWrite: ({ topic, partition }, bytes, nowMs) => {
      const hasQuota = (candidate: Partition): boolean =>
        !rates.isUsedUp('partitionWrites', candidate, nowMs) &&
        !rates.isUsedUp('partitionWriteBytes', candidate, nowMs);
      const chosen = partition ?? nextPartition(topic, hasQuota);
      if (!chosen || !hasQuota(chosen)) {
        throw refuseData.speedQuotaExceed('The partition is written to too often, or too much.');
      }
      rates.use('partitionWrites', chosen, 1, nowMs);
      rates.use('partitionWriteBytes', chosen, bytes, nowMs);
      return chosen;
    },
  };
}
