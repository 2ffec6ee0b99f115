import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { announceRun } from '../../lib/commandLine/localRuns.ts';
import type { OpenPage } from '../../lib/commandLine/page.ts';
import { functionTimeoutOf } from '../../lib/config/linger.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { Clock } from '../../lib/runtime.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createDice } from '../faults/dice.ts';
import { createBoard } from './board.ts';
import { bundleAudited } from './bundle.ts';
import { type Chaos, startChaos } from './chaos.ts';
import { startConsumers } from './consumers.ts';
import { type Input, nothingToRead, openInputs } from './inputs.ts';
import { tailLedger } from './ledger.ts';
import { createListener } from './listener.ts';
import { showPage } from './page.ts';
import { produce } from './producer.ts';
import { createProof, type Proof } from './proof.ts';
import { createRate } from './rate.ts';
import type { Screen } from './screen.ts';
import type { SourceName } from './services/service.ts';
import { LOG_SERVICES } from './services/services.ts';
import { type Stack, startStack } from './stack.ts';
import { type RunResult, resultOf } from './summary.ts';
import { cannotWrite, makeTemporaryDirectory } from './temporary.ts';
import { createTroubles } from './troubles.ts';
import type { View } from './view.ts';
import { createWatch, type Watch } from './watch.ts';

export interface LocalRunOptions {
  /** Paths, `-` for stdin; none: a generated access log. */
  inputs: readonly string[];
  source: SourceName;
  shards: number;
  consumers: number;
  intervalMs: number;
  /** As `SHARDBEAT_LINGER`. */
  linger: string;
  /** End when everything is consumed, rather than only when the signal aborts. */
  once: boolean;
  /** What goes wrong, by a seed; undefined: nothing that nobody does. */
  chaosSeed?: number | undefined;
  /** Path of the user's own module. */
  module: string | undefined;
  /** Of the log service; 0: any free one. */
  logsPort: number;
  dynamodbPort: number;
  /** Of the page; 0: any free one. Undefined: there is none. */
  pagePort?: number | undefined;
}

export interface LocalRunWorld {
  stdin: NodeJS.ReadableStream;
  screen: Screen;
  clock: Clock;
  /** Ends the run at once. */
  signal: AbortSignal;
  /** Serves the run's page. */
  openPage?: OpenPage | undefined;
}

const REFRESH_MS = 100;
const LETTERS_MS = 1_000;

/**
 * The main job on this machine, end to end: services, table and stream; the schedule; the inputs' lines as records; and
 * the account of what came out. Everything it started is gone when it returns.
 *
 * @throws SettingsError for an option or an input that cannot be used; ShardbeatError if the run cannot go on
 */
export async function runLocal(options: LocalRunOptions, world: LocalRunWorld): Promise<RunResult> {
  const { screen, clock, signal } = world;
  const startedAtMs = clock.now();
  const service = LOG_SERVICES[options.source];
  const inputs = await openInputs(options.inputs, world.stdin, service.lineBytesMax, signal);
  await using cleanup = new AsyncDisposableStack();
  const directory = cleanup.use(await makeTemporaryDirectory());
  const code = await bundleAudited(options.module, directory.path);
  const ledgerFile = join(directory.path, 'ledger');
  const ledger = await tailLedger(ledgerFile).catch((error: Error) => {
    throw cannotWrite(ledgerFile, error.message, error);
  });
  cleanup.defer(ledger.close);
  const stack = await startStack({ ...options, service, clock });
  cleanup.defer(stack.close);
  const { shardName } = stack.logs;
  const announced = {
    directory: process.cwd(),
    startedAt: startedAtMs,
    module: options.module === undefined ? undefined : resolve(options.module),
    environment: stack.environment,
  };
  cleanup.use(
    await announceRun(announced).catch((error: Error) => {
      throw cannotWrite(tmpdir(), error.message, error);
    }),
  );
  introduce(options, inputs, stack, screen);

  const slots = Array.from({ length: options.consumers }, (_, index) => `consumer-${index}`);
  const temporary = join(directory.path, 'tmp');
  await mkdir(temporary);
  const { functionTimeoutMs } = deriveTimes(
    options.intervalMs,
    functionTimeoutOf(options.linger, options.intervalMs),
  );
  const board = createBoard(slots);
  const proof = createProof({ lettersMayGo: !options.once });
  const rate = createRate();
  const onIdle = (): void => screen.say('everything is consumed; Ctrl-C ends');
  const troubles = createTroubles();
  const watch = createWatch({ ...options, shardName, troubles, signal, onIdle });
  const view = (): View => ({
    totals: proof.totals(),
    linesExpected: linesOf(inputs),
    recordsPerSecond: rate(clock.now(), proof.totals().processed),
    consumers: board.consumers().map((state) => ({ ...state, shards: state.shards.map(shardName) })),
    recordsBySlot: proof.recordsBySlot(),
  });
  const takeIn = async (): Promise<void> => {
    for (const entry of await ledger.read()) proof.delivered(entry);
  };
  const lookUpLetters = createLetterLook(stack, proof);

  const chaos = await openChaos(options, inputs, stack, watch, clock);
  cleanup.defer(async () => chaos?.close());

  // Before the first tick: what is loaded for it would hold that up.
  const seen = { ...announced, pid: process.pid, environment: stack.onlookerEnvironment };
  cleanup.defer(await showPage(options, world, seen, () => proof.totals().processed));
  const consumers = await startConsumers({
    slots,
    intervalMs: options.intervalMs,
    timeoutMs: functionTimeoutMs,
    code,
    temporary,
    writable: [ledgerFile],
    environmentOf: (slot) => ({
      ...(chaos ?? stack).environment,
      LOCAL_LEDGER: ledgerFile,
      LOCAL_SLOT: slot,
    }),
    faults: chaos?.faults,
    clock,
    listener: createListener({ board, troubles, screen, watch, timeoutMs: functionTimeoutMs, shardName }),
  });
  cleanup.defer(consumers.stop);
  cleanup.defer(watch.end);
  const producing = produceAll(inputs, options.shards, stack, proof, watch, clock, chaos);

  while (!watch.over.aborted) {
    await clock.sleep(REFRESH_MS, watch.over).catch(() => {});
    await takeIn();
    await lookUpLetters(clock.now()).catch(watch.fail);
    screen.show(view());
    watch.look(clock.now(), proof.totals(), stack.logs.endCursors(), board.committed());
  }
  await Promise.all([consumers.stop(), producing]);
  await takeIn();
  await lookUpLetters();
  const elapsedMs = clock.now() - startedAtMs;
  const dynamodb = stack.dynamodbUsage();
  return resultOf({
    proof,
    board,
    elapsedMs,
    dynamodb,
    shardName,
    faults: chaos?.faults.counts(),
    ...watch.verdict(),
  });
}

/** Takes the table's dead letters into the account; with a time, no more often than now and then. */
function createLetterLook({ letters }: Stack, proof: Proof): (nowMs?: number) => Promise<void> {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return async (nowMs = Number.POSITIVE_INFINITY) => {
    if (nowMs - lookedAtMs < LETTERS_MS) return;
    lookedAtMs = nowMs;
    proof.deadLettered(await letters.read(new AbortController().signal));
  };
}

/** Never rejects: a failure ends the run through its watch. */
async function produceAll(
  inputs: readonly Input[],
  shards: number,
  stack: Stack,
  proof: Proof,
  watch: Watch,
  clock: Clock,
  chaos: Chaos | undefined,
): Promise<void> {
  try {
    const lines = await produce({
      inputs,
      shards,
      put: (shardIndex, records) => stack.logs.put(shardIndex, records, watch.over),
      onLine: proof.produced,
      due: chaos?.due,
      now: clock.now,
      signal: watch.over,
    });
    if (lines === 0) throw nothingToRead(inputs.map(({ name }) => name).join(', '));
    watch.productionEnded();
  } catch (error) {
    watch.fail(error);
  }
}

async function openChaos(
  { chaosSeed: seed, intervalMs }: LocalRunOptions,
  inputs: readonly Input[],
  { environment }: Stack,
  { over: signal }: Watch,
  clock: Clock,
): Promise<Chaos | undefined> {
  if (seed === undefined) return undefined;
  const dice = createDice(String(seed));
  return startChaos({ dice, intervalMs, environment, lines: linesOf(inputs), clock, signal });
}

function introduce(options: LocalRunOptions, inputs: readonly Input[], stack: Stack, screen: Screen): void {
  const { shards, consumers, intervalMs } = options;
  screen.say(`${stack.logs.introduction}, DynamoDB on ${stack.dynamodbUrl}`);
  screen.say(`${shards} shards, ${consumers} consumers, each started every ${formatDuration(intervalMs)}`);
  screen.say(`input: ${inputs.map(({ name }) => name).join(', ')}`);
  if (options.chaosSeed !== undefined) screen.say(`chaos: --seed ${options.chaosSeed} again`);
  screen.say('in another terminal, in this folder: npx shardbeat status, or watch');
}

function linesOf(inputs: readonly Input[]): number | undefined {
  const counts = inputs.map(({ lines }) => lines);
  return counts.includes(undefined) ? undefined : counts.reduce<number>((sum, lines) => sum + lines!, 0);
}
