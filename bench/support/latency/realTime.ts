/**
 * In real time, for a short while, over the local SLS and the embedded DynamoDB by HTTP: our function's handler on a schedule of a minute, and
 * the service's own consumers, which fetch every 200 ms.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { consume } from '../../../lib/consume.ts';
import type { UserModule } from '../../../lib/delivery/userModule.ts';
import { systemClock } from '../../../lib/runtime.ts';
import { SLS } from '../../../local/run/services/sls.ts';
import { type Stack, startStack } from '../../../local/run/stack.ts';
import { type Driver, start } from '../../../test/interop/driver.ts';
import { connect } from '../../../test/interop/sls/stage.ts';
import { installGo, installPython } from '../../../test/interop/toolchains.ts';
import { MINUTE_MS, timesOf } from './virtualGroup.ts';

export interface RealFigures {
  name: string;
  seconds: number;
  /** From put to the user's function, ascending. */
  latenciesMs: number[];
}

const SHARDS = 2;
/** Of the whole stream. */
const RECORD_EVERY_MS = 400;
/** Until a group has begun, and a consumer has its shards. */
const SETTLING_MS = 15_000;

/** Puts a record now and then; answers when each was put, by its number. */
async function putRecords({ logs }: Stack, durationMs: number): Promise<number[]> {
  const putAt: number[] = [];
  const signal = AbortSignal.timeout(durationMs + MINUTE_MS);
  for (const endsAt = Date.now() + durationMs; Date.now() < endsAt; ) {
    const number = putAt.push(Date.now()) - 1;
    const record = { timeMs: Date.now(), fields: { n: String(number) } };
    await logs.put(number % SHARDS, [record], signal);
    await sleep(2 * RECORD_EVERY_MS * Math.random());
  }
  return putAt;
}

const startLocal = (linger: string) =>
  startStack({
    service: SLS,
    shards: SHARDS,
    intervalMs: MINUTE_MS,
    linger,
    logsPort: 0,
    dynamodbPort: 0,
    clock: systemClock,
  });

/** Our handler, in this process, started once a minute, for so many minutes. */
export async function measureOurs(minutes: number): Promise<RealFigures> {
  const stack = await startLocal('max');
  const seenAt = new Map<number, number>();
  const module: UserModule = {
    eachBatch: ({ records }) => {
      for (const record of records) seenAt.set(Number(record.get('n')), Date.now());
    },
  };
  const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };
  // The AWS SDK reads these where the process has them.
  Object.assign(process.env, stack.environment);
  const handler = consume(module, { environment: stack.environment, logger: quiet });
  const { functionTimeoutMs } = timesOf(Number.POSITIVE_INFINITY);
  const invoke = (): Promise<unknown> => {
    const deadline = Date.now() + functionTimeoutMs;
    const context = { getRemainingTimeInMillis: () => deadline - Date.now() } as Context;
    return Promise.resolve(handler({ slot: 'consumer-0' }, context));
  };
  const running: Promise<unknown>[] = [];
  const schedule = setInterval(() => running.push(invoke()), MINUTE_MS);
  running.push(invoke());
  // The first tick joins, the second one plans and begins.
  await sleep(MINUTE_MS + SETTLING_MS);
  const putAt = await putRecords(stack, minutes * MINUTE_MS);
  await sleep(SETTLING_MS);
  clearInterval(schedule);
  await Promise.all(running);
  await stack.close();
  return figuresOf('shardbeat, linger: max', minutes * 60, putAt, seenAt);
}

/** The service's own consumers, as far as they are installed or can be. */
export async function measureOfficial(seconds: number): Promise<RealFigures[]> {
  const figures: RealFigures[] = [];
  for (const install of [installPython, installGo]) {
    const driver = await install('sls').catch(() => undefined);
    if (driver === undefined) console.log('an official consumer is not installed, and left out');
    else figures.push(await measureDriver(driver, seconds));
  }
  return figures;
}

async function measureDriver(driver: Driver, seconds: number): Promise<RealFigures> {
  const stack = await startLocal('off');
  const { environment } = stack;
  const seenAt = new Map<number, number>();
  const consumer = start(
    driver,
    'worker',
    {
      ...connect(environment.SHARDBEAT_SLS_ENDPOINT!, 'v1'),
      INTEROP_PROJECT: environment.SHARDBEAT_SLS_PROJECT!,
      INTEROP_LOGSTORE: environment.SHARDBEAT_SLS_LOGSTORE!,
      INTEROP_ACCESS_KEY_ID: environment.SHARDBEAT_SLS_ACCESS_KEY_ID!,
      INTEROP_ACCESS_KEY_SECRET: environment.SHARDBEAT_SLS_ACCESS_KEY_SECRET!,
      INTEROP_GROUP: 'latency',
      INTEROP_CONSUMER: 'sole',
      INTEROP_HEARTBEAT_SEC: '10',
    },
    (line) => {
      const { records = [], startedAtMs } = line as { records?: number[]; startedAtMs: number };
      for (const record of records) seenAt.set(record, startedAtMs);
    },
  );
  consumer.ended.catch((error: unknown) => console.error(String(error)));
  await sleep(SETTLING_MS);
  const putAt = await putRecords(stack, seconds * 1_000);
  await sleep(SETTLING_MS / 3);
  consumer.process.kill('SIGTERM');
  await Promise.race([consumer.ended.catch(() => {}), sleep(SETTLING_MS)]);
  consumer.process.kill('SIGKILL');
  await stack.close();
  return figuresOf(driver.client, seconds, putAt, seenAt);
}

function figuresOf(
  name: string,
  seconds: number,
  putAt: readonly number[],
  seenAt: ReadonlyMap<number, number>,
): RealFigures {
  const latenciesMs = putAt
    .flatMap((at, number) => (seenAt.has(number) ? [Math.max(0, Math.round(seenAt.get(number)! - at))] : []))
    .sort((a, b) => a - b);
  if (latenciesMs.length < putAt.length)
    throw new Error(`${name}: ${latenciesMs.length} records of ${putAt.length} came out`);
  return { name, seconds, latenciesMs };
}
