/**
 * What a group costs in DynamoDB: consumed units and requests per minute of schedule, with whole ticks of the real code, each group in a
 * table of its own. Beside it what the Kinesis Client Library 3.5 needs for as many shards and workers, computed from its source.
 */
import { createCountedStore, type Units } from './support/countedStore.ts';
import {
  type Delivery,
  type GroupOptions,
  type GroupUnits,
  HEALTHY,
  measureGroup,
} from './support/groupUnits.ts';
import { type Bar, bench } from './support/report.ts';

interface Row extends GroupUnits {
  name: string;
  shards: number;
  slots: number;
  /** What must be written: one per slot and tick; busy, one more per shard. */
  limit: { idleWriteUnits: number; busyWriteUnits: number };
  kinesisClientLibrary: Units | undefined;
}

/** A full turn of the caches' age, so that its reads are in the figure; and longer than all attempts of a record take. */
const LONG = { idle: 30, busy: 30 };
const SHORT = { idle: 4, busy: 2 };

/**
 * Kinesis Client Library 3.5.1, steady state per minute with its defaults, one table, no checkpoints, from its source:
 * a lease renewed every 3,308 ms, worker metrics, leader election, assignment scans, discovery. Busy adds a write unit
 * for each checkpoint, as with us.
 */
const KINESIS_CLIENT_LIBRARY: Readonly<Record<string, Units>> = {
  '1x1': { writeUnits: 22.1, readUnits: 4.8, requests: 32 },
  '10x2': { writeUnits: 187.4, readUnits: 13.5, requests: 207 },
  '100x10': { writeUnits: 1_836, readUnits: 85, requests: 1_935 },
  '1000x50': { writeUnits: 18_240, readUnits: 528, requests: 18_740 },
};

const DELIVERIES: readonly Delivery[] = [
  HEALTHY,
  { name: 'durable', identity: 'durable', failing: 0 },
  { name: 'one shard fails', identity: 'refused', failing: 1 },
  { name: 'one shard fails, durable', identity: 'durable', failing: 1 },
  { name: 'all shards fail', identity: 'refused', failing: 100 },
];

async function measure(options: GroupOptions): Promise<Row> {
  const { shards, slots, delivery = HEALTHY } = options;
  const { name } = delivery;
  return {
    name,
    shards,
    slots,
    ...(await measureGroup(createCountedStore('access-log'), options)),
    limit: { idleWriteUnits: slots, busyWriteUnits: slots + shards },
    kinesisClientLibrary: KINESIS_CLIENT_LIBRARY[`${shards}x${slots}`],
  };
}

function show(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  console.table(
    rows.map(({ shards, slots, idle, busy, cold, limit, kinesisClientLibrary: library }) => ({
      'shards × slots': `${shards} × ${slots}`,
      'idle W': round(idle.writeUnits),
      '≥': limit.idleWriteUnits,
      'idle R': round(idle.readUnits),
      'busy W': round(busy.writeUnits),
      '≥ ': limit.busyWriteUnits,
      'busy R': round(busy.readUnits),
      'cold R': round(cold.readUnits),
      'R/shard cold': round((cold.readUnits - idle.readUnits) / shards),
      'idle W/slot': round(idle.writeUnits / slots),
      'idle R/slot': round(idle.readUnits / slots),
      ...(library !== undefined && {
        'KCL idle W': library.writeUnits,
        'KCL idle R': library.readUnits,
        'KCL W ÷ ours': Math.round(library.writeUnits / idle.writeUnits),
      }),
    })),
  );
}

/** What failures cost, and what it costs to know a batch again after a crash. */
function showDeliveries(rows: readonly Row[]): void {
  const healthy = rows.find(({ name }) => name === HEALTHY.name)!;
  console.log('\nThe same where batches are durable, and where shards fail (100 × 10)');
  console.table(
    rows.map(({ name, idle, busy, cold }) => ({
      delivery: name,
      'idle W': round(idle.writeUnits),
      'busy W': round(busy.writeUnits),
      'more than healthy': round(busy.writeUnits - healthy.busy.writeUnits),
      'busy R': round(busy.readUnits),
      'cold W': round(cold.writeUnits),
    })),
  );
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** As the README says it: a write for each slot and tick and, busy, one for each shard; what is planned now and then comes on top. */
const barsOf = ({ shards, slots, limit, idle, busy }: Row): Bar[] => {
  const bar = (what: string, value: number, most: number): Bar => ({
    name: `${shards} × ${slots}: ${what}`,
    value,
    limit: most,
    unit: 'units a minute',
    direction: 'at most',
  });
  return [
    bar('idle writes', idle.writeUnits, limit.idleWriteUnits + 1),
    bar('busy writes', busy.writeUnits, limit.busyWriteUnits + 1),
    bar('idle reads', idle.readUnits, 1.25 * slots),
  ];
};

async function measureAll() {
  const sizes: Row[] = [];
  for (const [shards, slots] of [
    [1, 1],
    [10, 2],
    [100, 10],
    [1_000, 50],
  ] as const) {
    sizes.push(await measure({ shards, slots, minutes: LONG }));
  }
  show('DynamoDB units per minute (W write, R read), one tick a minute', sizes);
  const growth: Row[] = [];
  for (const slots of [1, 10, 100, 1_000]) {
    growth.push(await measure({ shards: 10 * slots, slots, minutes: SHORT }));
  }
  show('The same at 10 shards a slot: nothing grows with the group', growth);
  const deliveries: Row[] = [];
  for (const delivery of DELIVERIES) {
    deliveries.push(await measure({ shards: 100, slots: 10, minutes: LONG, delivery }));
  }
  showDeliveries(deliveries);
  return {
    figures: { sizes, growth, deliveries },
    bars: [...sizes.flatMap(barsOf), ...barsOf(growth.at(-1)!)],
  };
}

process.exitCode = await bench(
  {
    name: 'store',
    summary: 'what a group costs in DynamoDB, beside the Kinesis Client Library',
    options: {},
  },
  measureAll,
);
