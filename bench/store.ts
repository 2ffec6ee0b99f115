/**
 * What a group costs in DynamoDB: consumed units and requests per minute of schedule, counted at the (embedded) service,
 * with whole ticks of the real code on a one-minute schedule under a clock of its own. Beside it what the Kinesis Client
 * Library 3.5 needs for as many shards and workers, computed from its source.
 *
 *   npm run bench store [-- --json]
 */
import { parseArgs } from 'node:util';
import { planEvenly } from '../lib/group/planner.ts';
import { createDynamodbStore } from '../lib/group/stores/dynamodb.ts';
import { createLogger } from '../lib/observe/logger.ts';
import { systemClock, systemRandom } from '../lib/runtime.ts';
import type { TickCache } from '../lib/tick/cache.ts';
import type { TickSettings } from '../lib/tick/context.ts';
import { ownCoordination } from '../lib/tick/coordination/own.ts';
import { tick } from '../lib/tick/tick.ts';
import { deriveTimes } from '../lib/times.ts';
import { createManualClock } from '../test/support/clock.ts';
import { DELIVERY } from '../test/support/delivery.ts';
import { type LocalTable, startLocalTable } from '../test/support/localTable.ts';
import { createMemorySource } from '../test/support/memorySource.ts';

interface Units {
  writeUnits: number;
  readUnits: number;
  requests: number;
}

interface Row {
  name: string;
  shards: number;
  slots: number;
  idle: Units;
  busy: Units;
  cold: Units;
  /** What must be written: one per slot and tick; busy, one more per shard. */
  limit: { idleWriteUnits: number; busyWriteUnits: number };
  kinesisClientLibrary: Units | undefined;
}

const MINUTE_MS = 60_000;
/** A full turn of the caches' age, so that its reads are in the figure. */
const IDLE_MINUTES = 30;
const BUSY_MINUTES = 6;
/** Longer than all attempts of a record take. */
const FAILING_MINUTES = 30;
/** How far apart a schedule starts the functions of one minute. */
const SPREAD_MS = 5_000;

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

/** What the user's function does, and what of it is noted. */
interface Delivery {
  name: string;
  identity: 'refused' | 'durable';
  /** Shards whose every batch fails. */
  failing: number;
}

const HEALTHY: Delivery = { name: 'nothing fails', identity: 'refused', failing: 0 };
const DELIVERIES: readonly Delivery[] = [
  HEALTHY,
  { name: 'durable', identity: 'durable', failing: 0 },
  { name: 'one shard fails', identity: 'refused', failing: 1 },
  { name: 'all shards fail', identity: 'refused', failing: 100 },
];

async function measure(
  local: LocalTable,
  shards: number,
  slots: number,
  [idleMinutes, busyMinutes]: readonly [number, number],
  { name, identity, failing }: Delivery = HEALTHY,
): Promise<Row> {
  const clock = createManualClock();
  const ids = Array.from({ length: shards }, (_, shard) => String(shard));
  const names = Array.from({ length: slots }, (_, slot) => `consumer-${slot}`);
  const size = `${shards}x${slots}`;
  const group = `${size}-${idleMinutes}-${name.replaceAll(' ', '-')}`;
  const source = createMemorySource(ids, 1_000);
  const random = systemRandom;
  const store = createDynamodbStore({
    client: local.client,
    table: 'shardbeat',
    group,
    clock: systemClock,
    random,
  });
  const write = failing > 0 ? () => {} : console.error;
  const logger = createLogger({ level: 'error', write, now: clock.now });
  const sandboxes = new Map(names.map((slot) => [slot, new Map<string, TickCache>()]));
  const settings: TickSettings = {
    group,
    times: deriveTimes(MINUTE_MS),
    stream: 'memory://bench',
    start: { at: 'begin' },
    endAt: undefined,
    order: true,
    settingsVersion: 1,
    strategy: planEvenly,
    onCursorExpired: 'earliest',
    batchesMax: Number.POSITIVE_INFINITY,
    countMax: 1_000,
    pullIntervalMs: 0,
    shardsParallelMax: 8,
    delivery: { ...DELIVERY, identity },
  };
  const deliver = async ({ shard }: { shard: string }) =>
    Number(shard) < failing
      ? ({ how: 'failed', error: new Error('no') } as const)
      : ({ how: 'succeeded' } as const);
  const deadLetters = { put: async () => 'kept' as const };
  const minutes = async (count: number, before: () => void = () => {}): Promise<Units> => {
    const start = local.service.usage();
    for (let minute = 0; minute < count; minute++) {
      before();
      for (const slot of names) {
        const dependencies = {
          store,
          source,
          coordination: ownCoordination,
          deliver,
          deadLetters,
          clock,
          random,
          logger,
          caches: sandboxes.get(slot)!,
          endedRuns: new Set<string>(),
        };
        await tick(dependencies, settings, {
          slot,
          deadline: clock.now() + settings.times.functionTimeoutMs,
        });
        clock.advance(SPREAD_MS / slots);
      }
      clock.advance(MINUTE_MS - SPREAD_MS);
    }
    const end = local.service.usage();
    return {
      writeUnits: (end.writeUnits - start.writeUnits) / count,
      readUnits: (end.readUnits - start.readUnits) / count,
      requests: (end.requests - start.requests) / count,
    };
  };

  await minutes(4);
  const idle = await minutes(idleMinutes);
  const busy = await minutes(busyMinutes, () => {
    for (const id of ids) source.append(id, 'a record of a log');
  });
  const cold = await minutes(1, () => {
    for (const caches of sandboxes.values()) caches.clear();
  });
  return {
    name,
    shards,
    slots,
    idle,
    busy,
    cold,
    limit: { idleWriteUnits: slots, busyWriteUnits: slots + shards },
    kinesisClientLibrary: KINESIS_CLIENT_LIBRARY[size],
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
function showDelivery(rows: readonly Row[]): void {
  console.log('\nThe same where batches are durable, and where shards fail (100 × 10, busy)');
  console.table(
    rows.map(({ name, idle, busy }) => ({
      delivery: name,
      'idle W': round(idle.writeUnits),
      'busy W': round(busy.writeUnits),
      'busy R': round(busy.readUnits),
    })),
  );
}

const round = (value: number): number => Math.round(value * 100) / 100;

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const local = await startLocalTable('shardbeat');
try {
  const sizes: Row[] = [];
  for (const [shards, slots] of [
    [1, 1],
    [10, 2],
    [100, 10],
    [1_000, 50],
  ] as const) {
    sizes.push(await measure(local, shards, slots, [IDLE_MINUTES, BUSY_MINUTES]));
  }
  const growth: Row[] = [];
  for (const slots of [1, 10, 100, 1_000]) growth.push(await measure(local, 10 * slots, slots, [4, 2]));
  const delivery: Row[] = [];
  for (const kind of DELIVERIES) delivery.push(await measure(local, 100, 10, [4, FAILING_MINUTES], kind));
  if (values.json) console.log(JSON.stringify({ sizes, growth, delivery }));
  else {
    show('DynamoDB units per minute (W write, R read), one tick a minute', sizes);
    show('The same at 10 shards a slot: nothing grows with the group', growth);
    showDelivery(delivery);
  }
} finally {
  await local.close();
}
