/** What a group uses in a month, from what it is, or from what was measured. */
import type { LogService, PriceName } from './prices.ts';

/** 365 days, in twelve parts. */
const MONTH_MS = 730 * 3_600_000;
const DAY_MS = 86_400_000;
const MONTH_DAYS = MONTH_MS / DAY_MS;
const MB_OF_GB = 1_024;

/** In a group in which all goes well: see docs/metrics.md. */
const METRICS = 12;
/** Each tick finds what has come in a shard, and then that nothing has. */
const PULLS_OF_A_SHARD = 2;

/** What looking at the group and planning adds to an idle group, of any size, by the tick of one slot: as `npm run bench store` has it. */
const PLAN_WRITES = 0.7;
const PLAN_READS = { least: 0.5, ofShard: 0.075 };

/**
 * How large what is transferred is, of what it is when decompressed. SLS says that logs shrink to a tenth or a fifth (billable items); CLS
 * counts about a half with snappy (its pages on consumption). Of one's own records it has to be tried.
 */
export const COMPRESSED: Readonly<Record<LogService, number>> = { sls: 0.2, cls: 0.5 };

export interface GroupFacts {
  readonly service: LogService;
  readonly slots: number;
  readonly shards: number;
  readonly intervalMs: number;
  readonly memoryMb: number;
  /** Billed time of a tick; undefined: not known. */
  readonly tickMs: number | undefined;
  /** What is produced, decompressed; undefined: not known. */
  readonly bytesOfDay: number | undefined;
  /** Share of it that is transferred, when compressed. */
  readonly compressed: number;
  /** Share that a filter of the service lets through; undefined: there is none. */
  readonly passes: number | undefined;
  /** Units of one tick, where they were measured. */
  readonly units: { readonly write: number; readonly read: number } | undefined;
  /** To the log service in a tick, where they were measured. */
  readonly requests: number | undefined;
}

/** An amount of a month, and how it comes about. */
export interface Quantity {
  readonly name: PriceName;
  readonly title: string;
  /** Undefined: what it takes is not known, see `formula`. */
  readonly amount: number | undefined;
  readonly formula: string;
}

const GB = 10 ** 9;

export function usageOf(facts: GroupFacts): Quantity[] {
  const { service, slots, shards, intervalMs, units, requests, bytesOfDay, passes } = facts;
  const rounds = MONTH_MS / intervalMs;
  const ticks = slots * rounds;
  const estimate = unitsOfRound(facts);
  const egress = egressOf(facts);
  return [
    timeOf(facts, ticks),
    {
      name: 'lambdaRequests',
      title: 'Lambda requests',
      amount: ticks,
      formula: 'slots × 730 h ÷ interval',
    },
    { name: 'schedules', title: 'Schedules', amount: ticks, formula: 'slots × 730 h ÷ interval' },
    {
      name: 'writeUnits',
      title: 'DynamoDB writes',
      amount: units === undefined ? estimate.write * rounds : units.write * ticks,
      formula:
        units === undefined
          ? 'estimated: (slots + shards + 0.7) × 730 h ÷ interval, as if each tick found records in each shard'
          : 'measured units of a tick × ticks',
    },
    {
      name: 'readUnits',
      title: 'DynamoDB reads',
      amount: units === undefined ? estimate.read * rounds : units.read * ticks,
      formula:
        units === undefined
          ? 'estimated: (0.5 + 0.075 × shards) × 730 h ÷ interval'
          : 'measured units of a tick × ticks',
    },
    { name: 'metrics', title: 'CloudWatch metrics', amount: METRICS, formula: 'a dozen while all goes well' },
    {
      name: 'requests',
      title: `${service.toUpperCase()} requests`,
      amount: requests === undefined ? PULLS_OF_A_SHARD * shards * rounds : requests * ticks,
      formula:
        requests === undefined
          ? 'estimated: 2 × shards × 730 h ÷ interval'
          : 'measured requests of a tick × ticks',
    },
    {
      name: 'reading',
      title: `${service.toUpperCase()} read traffic`,
      ...egress,
    },
    { name: 'egress', title: `${service.toUpperCase()} egress`, ...egress },
    ...(passes === undefined
      ? []
      : [
          {
            name: 'filter' as const,
            title: `${service.toUpperCase()} filter`,
            amount: bytesOfDay === undefined ? undefined : (bytesOfDay * MONTH_DAYS) / GB,
            formula: bytesOfDay === undefined ? NO_BYTES : 'GB of a day × 30.4',
          },
        ]),
  ];
}

function timeOf({ memoryMb, tickMs }: GroupFacts, ticks: number): Quantity {
  const formula =
    tickMs === undefined
      ? 'not known: give --tick-ms, or --measured'
      : 'ticks × ms of a tick ÷ 1,000 × MB ÷ 1,024';
  const amount = tickMs === undefined ? undefined : (ticks * tickMs * memoryMb) / 1_000 / MB_OF_GB;
  return { name: 'lambdaTime', title: 'Lambda time', amount, formula };
}

/** Of all slots, once each. Writes: a heartbeat for each slot, a checkpoint for each shard. */
export function unitsOfRound({ slots, shards }: Pick<GroupFacts, 'slots' | 'shards'>) {
  return {
    write: slots + shards + PLAN_WRITES,
    read: PLAN_READS.least + PLAN_READS.ofShard * shards,
  };
}

const NO_BYTES = 'not known: give --gb-per-day, or --measured';

/** GB of a month that leave the log service's network. */
export function egressOf({
  bytesOfDay,
  compressed,
  passes,
}: Pick<GroupFacts, 'bytesOfDay' | 'compressed' | 'passes'>) {
  if (bytesOfDay === undefined) return { amount: undefined, formula: NO_BYTES };
  const amount = ((bytesOfDay * MONTH_DAYS) / GB) * compressed * (passes ?? 1);
  const filtered = passes === undefined ? '' : ` × ${passes} that pass the filter`;
  return {
    amount,
    formula: `GB of a day × 30.4 × ${Number(compressed.toPrecision(3))} when compressed${filtered}`,
  };
}
