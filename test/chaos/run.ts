import { join } from 'node:path';
import { formatDuration } from '../../lib/duration.ts';
import type { Clock } from '../../lib/runtime.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createDice, type Dice } from '../../local/faults/dice.ts';
import { bundleFunction } from '../../local/run/bundle.ts';
import { type Chaos, startChaos } from '../../local/run/chaos.ts';
import { LINE_FIELD } from '../../local/run/record.ts';
import type { SourceName } from '../../local/run/services/service.ts';
import { makeTemporaryDirectory } from '../../local/run/temporary.ts';
import { type Account, createAccount } from './account.ts';
import { type CrewOptions, createCrew } from './crew.ts';
import { SLOTS, type Theatre } from './events.ts';
import { followLedger } from './follower.ts';
import { startProducer } from './producer.ts';
import { untilBegun, untilReadUp } from './readUp.ts';
import { type ChaosResult, resultOf } from './result.ts';
import { playRound } from './rounds.ts';
import { createSink } from './sink.ts';
import { type Stage, startStage } from './stage.ts';
import { STREAMS } from './streams/streams.ts';
import { createTrail } from './trail.ts';

export interface ChaosOptions {
  source: SourceName;
  rounds: number;
  /** Decides what happens and when; how far the group is at that moment is the machine's business. */
  seed: string;
  intervalMs: number;
  /** Every other slot goes on polling as long as it may: a group may have both. */
  lingers: boolean;
  /** Of the rates at which the platform and the connections of a local run fail. */
  faultsShare: number;
  clock: Clock;
  /** Ends the run at once. */
  signal: AbortSignal;
  /** One line for a person after each round. */
  onProgress(line: string): void;
}

const SHARDS_AT_FIRST = 4;
const SLOTS_AT_FIRST = 3;

/**
 * Records go in all the time while slots are killed, come and go, and shards are split and merged, round after round; then
 * faults cease, everything is read up, and the account says whether all is well. Leaves nothing running.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { clock, intervalMs, lingers, seed, rounds } = options;
  const startedAtMs = clock.now();
  const times = deriveTimes(intervalMs);
  const trail = createTrail(clock);
  const account = createAccount();
  const failed = new AbortController();
  const fail = (error: unknown): void => failed.abort(error);
  const signal = AbortSignal.any([options.signal, failed.signal]);

  await using cleanup = new AsyncDisposableStack();
  const { path: directory } = cleanup.use(await makeTemporaryDirectory());
  const ledgerFile = join(directory, 'ledger');
  const follower = cleanup.use(await followLedger(ledgerFile, account, fail));
  const startStream = STREAMS[options.source];
  const stage = cleanup.use(await startStage({ startStream, shards: SHARDS_AT_FIRST, intervalMs, clock }));
  const dice = createDice(seed);
  const { environment } = stage;
  const bad = await startChaos({
    dice: dice.fork('host'),
    share: options.faultsShare,
    intervalMs,
    environment,
    lines: undefined,
    clock,
    signal,
  });
  cleanup.defer(bad.close);
  const crew = createCrew({
    faults: bad.faults,
    ...(await functionOf(directory, ledgerFile, bad, {
      timeoutMs: times.functionTimeoutMs,
      lingers,
    })),
    intervalMs,
    timeoutMs: times.functionTimeoutMs,
    clock,
    listener: {
      interrupted: (slot, shard) => void follower.takeIn(() => account.interrupted(slot, shard)),
      lost: account.lost,
      event: trail.logged,
      output: trail.note,
      failed: fail,
    },
  });
  cleanup.defer(crew.close);

  const theatre: Theatre = { stage, crew, faults: bad.faults, times, clock, signal };
  const events: Record<string, number> = {};
  const onEvent = (name: string, what: string): void => {
    events[name] = (events[name] ?? 0) + 1;
    trail.note('chaos', `${name} ${what}`);
  };
  const failure = await play(theatre, { ...options, dice, account, onEvent, onFailure: fail }).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  await crew.close();
  await follower.takeIn();
  account.refused(createSink(sinkIn(directory)).refused());
  if (failure === undefined) {
    account.deadLettered(await deadLines(stage));
    account.counted(await stage.sums());
  }
  const elapsedMs = clock.now() - startedAtMs;
  const result = resultOf({
    seed,
    rounds,
    account,
    crew,
    trail,
    events,
    faults: bad.faults.counts(),
    elapsedMs,
    failure,
  });
  return result.ok ? result : { ...result, trail: await trail.save(seed) };
}

const sinkIn = (directory: string): string => join(directory, 'sink');

/** The lines of the records that are dead letters. */
async function deadLines({ deadLetters }: Stage): Promise<number[]> {
  const lines: number[] = [];
  const { signal } = new AbortController();
  for await (const { record } of deadLetters.list({}, { signal })) {
    const field = record?.pairs.find(([key]) => Buffer.from(key).toString() === LINE_FIELD);
    lines.push(Number(Buffer.from(field?.[1] ?? []).toString()));
  }
  return lines;
}

/** Throws if the run cannot go on, or the group does not. */
async function play(
  theatre: Theatre,
  run: Pick<ChaosOptions, 'rounds' | 'onProgress'> & {
    dice: Dice;
    account: Account;
    onEvent(name: string, what: string): void;
    onFailure(error: unknown): void;
  },
): Promise<void> {
  const { stage, crew, clock } = theatre;
  const { account, dice, onFailure } = run;
  await Promise.all(SLOTS.slice(0, SLOTS_AT_FIRST).map(crew.join));
  const producer = startProducer({ stage, account, dice: dice.fork('producer'), clock, onFailure });
  try {
    await untilBegun(theatre);
    for (let round = 1; round <= run.rounds; round += 1) {
      const told: string[] = [];
      await playRound(theatre, dice.fork(`round ${round}`), (name, what) => {
        run.onEvent(name, what);
        told.push(`${name} ${what}`.trim());
      });
      run.onProgress(`round ${round}: ${told.join('; ')}`);
    }
    crew.disarm();
    theatre.faults.cease();
  } finally {
    await producer.stop();
  }
  await untilReadUp(theatre);
}

/** The function as it is deployed, with a user module that works a while and keeps the ledger. */
async function functionOf(
  directory: string,
  ledgerFile: string,
  { environment }: Chaos,
  { timeoutMs, lingers }: { timeoutMs: number; lingers: boolean },
): Promise<Pick<CrewOptions, 'code' | 'temporary' | 'writable' | 'environmentOf' | 'orderFileOf'>> {
  const code = await bundleFunction(join(import.meta.dirname, 'userModule.ts'), directory);
  const orderFileOf = (slot: string): string => join(directory, `die-${slot}`);
  return {
    code,
    temporary: directory,
    // The sink and the ledger are out of the world as far as the function knows.
    writable: [directory],
    orderFileOf,
    environmentOf: (slot) => ({
      ...environment,
      SHARDBEAT_LINGER: lingers && SLOTS.indexOf(slot) % 2 === 0 ? 'max' : 'off',
      SHARDBEAT_FUNCTION_TIMEOUT: formatDuration(timeoutMs),
      CHAOS_ORDER: orderFileOf(slot),
      CHAOS_SINK: sinkIn(directory),
      LOCAL_LEDGER: ledgerFile,
      LOCAL_SLOT: slot,
    }),
  };
}
