/**
 * Whether a group costs as much at night as in the morning: a day of ticks, one a minute for each slot, under a clock of its own, with a
 * source and a table in memory; and some hours of them with the table over HTTP, in a process of its own.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { wholeNumber } from '../lib/commandLine/parse.ts';
import { composeStore } from '../lib/compose/group.ts';
import { createMemoryDeadLetters, type MemoryLetters } from '../lib/delivery/deadLetters/memory.ts';
import { createTableDeadLetters } from '../lib/delivery/deadLetters/table.ts';
import { type Clock, systemClock, systemRandom } from '../lib/runtime.ts';
import { deriveTimes } from '../lib/times.ts';
import { createCountedStore, type Units } from './support/countedStore.ts';
import { startDynamodbProcess, TABLE } from './support/dynamodbProcess.ts';
import { type Bar, bench, rounded } from './support/report.ts';
import { createSoakWorld, GROUP, type SoakWorld, type Table } from './support/soakWorld.ts';

const SLOTS = 4;
const SAMPLE_MINUTES = 10;
/** After the churn: until all that failed has been tried as often as it is to be, and until all is read. */
const CALM_MINUTES = 60;
const QUIET_MINUTES = 10;
const { signal } = new AbortController();

interface Sample {
  minute: number;
  heapMb: number;
  handles: number;
  items: number;
  unitsPerTick: number;
  cpuMsPerTick: number;
}

interface Soak {
  table: string;
  samples: Sample[];
  told: ReturnType<SoakWorld['told']>;
}

interface Watched {
  makeTable(clock: Clock): Table;
  usage(): Promise<Units>;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function soak(name: string, minutes: number, { makeTable, usage }: Watched): Promise<Soak> {
  const world = createSoakWorld(SLOTS, makeTable);
  const { store } = makeTable(world.clock);
  const samples: Sample[] = [];
  let [before, ticks, cpu] = [await usage(), 0, process.cpuUsage()];
  for (let minute = 1; minute <= minutes; minute++) {
    await world.minute('churn');
    if (minute % SAMPLE_MINUTES !== 0) continue;
    const { user, system } = process.cpuUsage(cpu);
    const after = await usage();
    const told = world.told();
    const ticked = told.ticks - ticks;
    // What the group has, without what looks at it.
    const { group, shards, consumers } = await store.readAll({ signal, consistent: true });
    collectGarbage();
    collectGarbage();
    samples.push({
      minute,
      heapMb: process.memoryUsage().heapUsed / 2 ** 20,
      handles: process.getActiveResourcesInfo().length,
      items: (group === undefined ? 0 : 1) + shards.size + consumers.size,
      unitsPerTick: (sumOf(after) - sumOf(before)) / ticked,
      cpuMsPerTick: (user + system) / 1_000 / ticked,
    });
    [before, ticks, cpu] = [await usage(), told.ticks, process.cpuUsage()];
  }
  for (let minute = 0; minute < CALM_MINUTES; minute++) await world.minute('calm');
  for (let minute = 0; minute < QUIET_MINUTES; minute++) await world.minute('quiet');
  return { table: name, samples, told: world.told() };
}

const sumOf = ({ writeUnits, readUnits }: Units): number => writeUnits + readUnits;

async function inMemory(minutes: number): Promise<Soak> {
  const { store, usage } = createCountedStore(GROUP);
  const letters: MemoryLetters = new Map();
  const makeTable = ({ now }: Clock): Table => ({
    store,
    deadLetters: createMemoryDeadLetters({ letters, lettersMax: 1_000, now }),
  });
  return soak('memory', minutes, { makeTable, usage: async () => usage() });
}

async function overHttp(minutes: number): Promise<Soak> {
  await using table = await startDynamodbProcess();
  Object.assign(process.env, table.environment);
  const of = { table: TABLE, group: GROUP, times: deriveTimes(60_000) };
  // What a process that ends does: its connections end with it.
  const clients = new Set<{ destroy(): void }>();
  const makeTable = (clock: Clock): Table => {
    const { client, store } = composeStore(of, { clock: systemClock, random: systemRandom });
    clients.add(client);
    for (const oldest of clients) {
      if (clients.size <= SLOTS + 3) break;
      oldest.destroy();
      clients.delete(oldest);
    }
    const common = { group: GROUP, lettersMax: 1_000, client, table: TABLE };
    const deadLetters = createTableDeadLetters({
      ...common,
      now: clock.now,
      clock: systemClock,
      random: systemRandom,
    });
    return { store, deadLetters };
  };
  try {
    return await soak('HTTP', minutes, { makeTable, usage: table.usage });
  } finally {
    for (const client of clients) client.destroy();
  }
}

/** The second quarter, since the group has its shape by then, and the last one. */
function quarters(samples: readonly Sample[]): [second: Sample, last: Sample] {
  const quarter = Math.floor(samples.length / 4);
  return [meanOf(samples.slice(quarter, 2 * quarter)), meanOf(samples.slice(-quarter))];
}

function meanOf(samples: readonly Sample[]): Sample {
  const mean = (field: keyof Sample): number =>
    samples.reduce((sum, sample) => sum + sample[field], 0) / samples.length;
  return {
    minute: samples.at(-1)!.minute,
    heapMb: mean('heapMb'),
    handles: mean('handles'),
    items: mean('items'),
    unitsPerTick: mean('unitsPerTick'),
    cpuMsPerTick: mean('cpuMsPerTick'),
  };
}

/** What differs by chance, by less; what leaks in four ticks a minute, by more. */
const RATIO_MAX = 1.15;

function barsOf({ table, samples, told }: Soak): Bar[] {
  const [second, last] = quarters(samples);
  const atMost = (name: string, value: number, limit: number, unit: string): Bar => ({
    name: `${table}: ${name}`,
    value,
    limit,
    unit,
    direction: 'at most',
  });
  return [
    ...(['heapMb', 'items', 'unitsPerTick'] as const).map((field) =>
      atMost(`${field}, last quarter of the second`, last[field] / second[field], RATIO_MAX, '×'),
    ),
    atMost('handles more in the last quarter', last.handles - second.handles, 1, 'handles'),
    atMost('records neither taken nor kept', told.records - told.taken, 0, 'records'),
    atMost('dead letters too few', told.poisonous - told.deadLetters, 0, 'letters'),
    atMost('dead letters too many', told.deadLetters - told.poisonous, 0, 'letters'),
  ];
}

/** Fewer are over before the group has its shape. */
const HOURS_MIN = 4;

const hoursOption = (hours: number, of: string) =>
  ({
    type: 'string',
    value: 'N',
    default: String(hours),
    help: `hours of ${of}; ${hours} unless set`,
  }) as const;

process.exitCode = await bench(
  {
    name: 'soak',
    summary: 'whether memory, handles, items and units of a group stay as they are for a day',
    options: {
      memory: hoursOption(24, 'a group whose table is in memory'),
      http: hoursOption(4, 'one whose table is asked over HTTP'),
    },
  },
  async (options) => {
    const minutesOf = (name: 'memory' | 'http'): number =>
      60 * wholeNumber(`--${name}`, options[name], HOURS_MIN, 1_000);
    const [memory, http] = [minutesOf('memory'), minutesOf('http')];
    const soaks = [await inMemory(memory), await overHttp(http)];
    console.table(
      soaks.flatMap(({ table, samples }) =>
        quarters(samples).map(({ minute, heapMb, handles, items, unitsPerTick, cpuMsPerTick }) => ({
          table,
          'until minute': minute,
          'heap MB': rounded(heapMb),
          handles: rounded(handles),
          items: rounded(items),
          'units a tick': rounded(unitsPerTick),
          'CPU ms a tick': rounded(cpuMsPerTick),
        })),
      ),
    );
    console.table(soaks.map(({ table, told }) => ({ table, ...told })));
    return { figures: soaks, bars: soaks.flatMap(barsOf) };
  },
);
