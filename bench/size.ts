/**
 * Whether a large group costs each of its slots as much as a small one: its first plan, its claims, its minutes, and the hand-off of what one
 * slot had; with whole ticks of the real code over the embedded DynamoDB, by HTTP, in a process of its own.
 */
import { wholeNumber } from '../lib/commandLine/parse.ts';
import { composeStore } from '../lib/compose/group.ts';
import { createMeter } from '../lib/observe/meter.ts';
import { systemClock, systemRandom } from '../lib/runtime.ts';
import { startDynamodbProcess, TABLE } from './support/dynamodbProcess.ts';
import { measurePhases, type Phase } from './support/groupPhases.ts';
import { HEALTHY, settingsOf } from './support/groupUnits.ts';
import { type Bar, bench, rounded } from './support/report.ts';

const SHARDS_OF_SLOT = 100;
const SMALL_SLOTS = 10;
/** What a slot of the large group asks for and costs, of what one of the small group does. */
const RATIO_MAX = { asked: 1.1, cpu: 1.5 };

interface Size {
  shards: number;
  slots: number;
  phases: Phase[];
}

async function measure(slots: number): Promise<Size> {
  const shards = slots * SHARDS_OF_SLOT;
  await using table = await startDynamodbProcess();
  Object.assign(process.env, table.environment);
  // By the real clock, which the service's answers have.
  const runtime = { clock: systemClock, random: systemRandom, meter: createMeter(systemClock) };
  const { times } = settingsOf(HEALTHY);
  const { client, store } = composeStore({ table: TABLE, group: 'size', times }, runtime);
  const phases = await measurePhases({ store, usage: table.usage, shards, slots });
  client.destroy();
  return { shards, slots, phases };
}

function show({ shards, slots, phases }: Size): void {
  console.log(`\n${shards} shards × ${slots} slots; a minute of the schedule`);
  console.table(
    phases.map(({ name, minutes, requests, writeUnits, readUnits, cpuMs, tickMs }) => ({
      phase: name,
      minutes,
      requests: Math.round(requests / minutes),
      'per slot': rounded(requests / minutes / slots),
      W: Math.round(writeUnits / minutes),
      'W per slot': rounded(writeUnits / minutes / slots),
      R: Math.round(readUnits / minutes),
      'R per slot': rounded(readUnits / minutes / slots),
      'CPU ms per slot': rounded(cpuMs / minutes / slots),
      'tick ms': rounded(tickMs.median),
      most: rounded(tickMs.most),
    })),
  );
}

function barsOf(small: Size, large: Size): Bar[] {
  return large.phases.flatMap((phase, at) => {
    const before = small.phases[at]!;
    const bar = (what: string, of: (phase: Phase) => number, limit: number): Bar => ({
      name: `${phase.name}: ${what} per slot, of those at ${small.shards} × ${small.slots}`,
      value: of(phase) / large.slots / (of(before) / small.slots),
      limit,
      unit: '×',
      direction: 'at most',
    });
    return [
      bar('requests', ({ requests }) => requests, RATIO_MAX.asked),
      bar('units', ({ writeUnits, readUnits }) => writeUnits + readUnits, RATIO_MAX.asked),
      bar('CPU', ({ cpuMs }) => cpuMs, RATIO_MAX.cpu),
    ];
  });
}

process.exitCode = await bench(
  {
    name: 'size',
    summary: 'what 10,000 shards × 100 slots cost each slot, beside 1,000 × 10',
    options: {
      slots: {
        type: 'string',
        value: 'N',
        default: '100',
        help: `slots of the large group, with ${SHARDS_OF_SLOT} shards each; 100 unless set`,
      },
    },
  },
  async (options) => {
    const slots = wholeNumber('--slots', options.slots, SMALL_SLOTS, 1_000);
    // What the engine compiles meanwhile is nobody's.
    await measure(SMALL_SLOTS);
    const small = await measure(SMALL_SLOTS);
    show(small);
    const large = await measure(slots);
    show(large);
    return { figures: { small, large }, bars: barsOf(small, large) };
  },
);
