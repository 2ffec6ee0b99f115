/**
 * What a warm tick that finds nothing to do costs in CPU, beside a bare `UpdateItem` of the same client, which is what it has to do in any
 * case. The table is in a process of its own; the log service answers from memory. In turns, so that whatever the machine does falls on both.
 */
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { composeStore } from '../lib/compose/group.ts';
import { createMeter } from '../lib/observe/meter.ts';
import { systemClock, systemRandom } from '../lib/runtime.ts';
import { createMemorySource } from '../lib/testing/memorySource.ts';
import { createManualClock } from '../test/support/clock.ts';
import { type DynamodbProcess, startDynamodbProcess, TABLE } from './support/dynamodbProcess.ts';
import { HEALTHY, settingsOf } from './support/groupUnits.ts';
import { type Bar, bench, ROUNDS, rounded, roundsOf } from './support/report.ts';
import { createSandbox } from './support/sandbox.ts';

const MINUTE_MS = 60_000;
const YEARS_MS = 10 * 365 * 24 * 60 * MINUTE_MS;
const { signal } = new AbortController();
const GROUP = 'idle';
const SLOT = 'consumer-0';
/** In one turn: a processor's time is counted in steps of some milliseconds. */
const CALLS = 300;
/** Until the group has made its plan, and the engine has compiled what is called often. */
const WARM_UP = 2 * CALLS;
/** Of the bare request. */
const RATIO_MAX = 2;
/** One, and now and then another, since what a sandbox remembers is read again when it is old. */
const REQUESTS_MAX = 1.1;

function prepare({ environment }: DynamodbProcess) {
  Object.assign(process.env, environment);
  const settings = { ...settingsOf(HEALTHY), group: GROUP, slots: [SLOT] };
  // By the real clock, which the service's answers have.
  const runtime = { clock: systemClock, random: systemRandom, meter: createMeter(systemClock) };
  const { client, store } = composeStore({ table: TABLE, group: GROUP, times: settings.times }, runtime);
  const clock = createManualClock();
  const sandbox = createSandbox(settings, {
    store,
    clock,
    source: createMemorySource({ now: clock.now }),
    deliver: async () => ({ how: 'succeeded' }),
    deadLetters: { put: async () => 'kept' },
  });
  return {
    async tick(): Promise<void> {
      const { outcome } = await sandbox(SLOT);
      if (outcome !== 'worked') throw new Error(`a tick that was to be idle: ${outcome}`);
      clock.advance(MINUTE_MS);
    },
    async bare(): Promise<void> {
      await client.send(
        new UpdateItemCommand({
          TableName: TABLE,
          Key: { pk: { S: 'bare' }, sk: { S: SLOT } },
          UpdateExpression: 'SET heartbeatAt = :now',
          ExpressionAttributeValues: { ':now': { N: String(clock.now()) } },
        }),
      );
    },
    /** From the next look on, there is none for years. */
    async lookNoMore(): Promise<void> {
      const set = { planDueAt: clock.now() + YEARS_MS };
      await store.update('GROUP', { set, condition: { exists: 'createdAt' } }, { signal });
    },
    close: () => client.destroy(),
  };
}

/** Milliseconds of CPU of this process for each call, in `CALLS` of them. */
async function cpuOf(call: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let at = 0; at < CALLS; at++) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / CALLS;
}

interface Idle {
  tickMs: number;
  bareMs: number;
  ratio: number;
  requests: number;
}

async function measureAll(rounds: number): Promise<{ looking: Idle; notLooking: Idle }> {
  await using table = await startDynamodbProcess();
  const group = prepare(table);
  const measure = async (): Promise<Idle> => {
    for (let at = 0; at < WARM_UP; at++) {
      await group.tick();
      await group.bare();
    }
    const before = await table.usage();
    let [tickMs, bareMs] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      tickMs += (await cpuOf(group.tick)) / rounds;
      bareMs += (await cpuOf(group.bare)) / rounds;
    }
    const { requests } = await table.usage();
    // One of each turn's is the bare one.
    const perTick = (requests - before.requests) / (rounds * CALLS) - 1;
    return { tickMs, bareMs, ratio: tickMs / bareMs, requests: perTick };
  };
  const looking = await measure();
  await group.lookNoMore();
  const notLooking = await measure();
  group.close();
  return { looking, notLooking };
}

process.exitCode = await bench(
  {
    name: 'idle',
    summary: 'the CPU of a warm tick with nothing to do, beside a bare UpdateItem',
    about:
      'A slot alone looks after the group at every second tick, with three requests more; of ten slots, each rarely does.',
    options: {
      rounds: { ...ROUNDS, default: '3', help: `how many turns of ${CALLS} of each; 3 unless set` },
    },
  },
  async (options) => {
    const figures = await measureAll(roundsOf(options));
    const { looking, notLooking } = figures;
    const row = ({ tickMs, bareMs, ratio, requests }: Idle) => ({
      'requests of a tick': rounded(requests),
      'CPU ms': rounded(tickMs),
      'of a bare UpdateItem': rounded(bareMs),
      ratio: rounded(ratio),
    });
    console.table({ 'no look is due': row(notLooking), 'a slot alone, on average': row(looking) });
    const bars: Bar[] = [
      {
        name: 'CPU of a warm idle tick, of a bare UpdateItem',
        value: notLooking.ratio,
        limit: RATIO_MAX,
        unit: '×',
        direction: 'at most',
      },
      {
        name: 'requests of a warm idle tick',
        value: notLooking.requests,
        limit: REQUESTS_MAX,
        unit: 'requests',
        direction: 'at most',
      },
    ];
    return { figures, bars };
  },
);
