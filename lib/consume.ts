import middy, { type MiddyfiedHandler } from '@middy/core';
import type { Context } from 'aws-lambda';
import { composeGroup } from './compose/group.ts';
import { composeObserving } from './compose/observing.ts';
import { describeOwn } from './compose/ownSource.ts';
import { createReplays } from './compose/replays.ts';
import { checkHost } from './config/host.ts';
import { type OperateEvent, type Operation, readOperation } from './config/operate.ts';
import { type RedriveEvent, readRedrive } from './config/redrive.ts';
import type { Environment } from './config/rules.ts';
import { readSettings } from './config/settings.ts';
import { readSlot, type TickEvent } from './config/slot.ts';
import { createAnnouncer } from './delivery/announcer.ts';
import type { UserFunctions } from './delivery/delivered.ts';
import { createLastWords } from './delivery/lastWords.ts';
import { createLifecycle } from './delivery/lifecycle.ts';
import { type RedriveRequest, type RedriveResult, redrive } from './delivery/redrive.ts';
import { userFunctionsOf } from './delivery/userFunctions.ts';
import type { UserModule } from './delivery/userModule.ts';
import { presentError } from './errors.ts';
import { type Lag, lagOf } from './group/lag.ts';
import { type Sought, seek } from './group/operations.ts';
import type { AnyLogger } from './observe/anyLogger.ts';
import type { OpenTelemetry } from './observe/openTelemetry.ts';
import type { ReplayBegun, ReplayTurned } from './replay/replay.ts';
import { systemClock as clock, systemRandom as random } from './runtime.ts';
import { presentSlots } from './scaling/presentSlots.ts';
import type { Source } from './sources/source.ts';
import { thenTell } from './tick/afterTick.ts';
import { type Budget, startBudget } from './tick/budget.ts';
import { createDeadlines } from './tick/deadline.ts';
import { createDoorbell, type RungResult } from './tick/doorbell.ts';
import type { TickResult } from './tick/result.ts';
import { createRetention } from './tick/retention.ts';
import { type DoorbellEvent, readRung } from './tick/ring.ts';
import { type Invocation, tick } from './tick/tick.ts';

/**
 * What the function may be sent: which slot is to tick, whatever rings, which dead letters are to be given once more, or what an operator
 * asks.
 */
export type ConsumerEvent = TickEvent | DoorbellEvent | RedriveEvent | OperateEvent;

/** What it answers. */
export type ConsumerResult =
  | TickResult
  | RungResult
  | RedriveResult
  | Lag
  | Sought[]
  | ReplayBegun
  | ReplayTurned;

/**
 * The function's handler, as a middy handler, so that `.use()` takes middleware: one tick of the slot that its event names, a redrive
 * of dead letters, `{ "redrive": {} }`, or what an operator asks of the log service, `{ "operate": { "lag": {} } }`.
 */
export type Consumer = MiddyfiedHandler<ConsumerEvent, ConsumerResult, Error, Context>;

/** What a function brings itself; nothing of it is needed on Lambda, with SLS or CLS. */
export interface ConsumeOptions {
  /** Where the settings stand; `process.env` unless set. */
  environment?: Environment;
  /** A source of your own, in place of SLS or CLS. Its group is named by its `kind` and `tags`: they must not change. */
  source?: Source;
  /**
   * Takes the events, in place of one JSON object a line on stdout: a Logger of Powertools, winston, or anything with debug, info, warn and
   * error, which is given a message and an object. The module may export one, too.
   */
  logger?: AnyLogger;
  /** `@opentelemetry/api` as a whole: spans and metrics go there, too. The module may export it, too. */
  openTelemetry?: OpenTelemetry;
}

/**
 * Makes the handler of a function that consumes a stream: `export const handler = consume({ eachBatch })`. Its schedules send
 * `{ "slot": "consumer-0" }` and so on.
 *
 * Reads the settings once, and now: a function that cannot work does not start. Throws a SettingsError for one that cannot be used,
 * or for a module without the user's function.
 */
export function consume(module: UserModule, options: ConsumeOptions = {}): Consumer {
  return consumeAround(module, (functions) => functions, options);
}

/** The same, with something around the user's functions: what a local run looks through. */
export function consumeAround(
  module: UserModule,
  around: (functions: UserFunctions) => UserFunctions,
  options: ConsumeOptions = {},
): Consumer {
  const { environment = process.env, source } = options;
  const settings = readSettings(environment, { own: source && describeOwn(source) });
  const { group, slots, slotsMin, delivery } = settings;
  const functions = userFunctionsOf(module, delivery);
  const { deliver, ...shardFunctions } = around(functions);
  const write = (line: string) => process.stdout.write(`${line}\n`);
  const observers = { ...functions, ...options };
  const observing = composeObserving(observers, settings, { clock, write });
  const { logger } = observing;
  for (const unknown of settings.unknown) logger.warn('settings.unknown', { ...unknown });
  const deadlineAt = createDeadlines(settings.times, { clock, logger });
  const composed = composeGroup(settings, { clock, random, ...observing }, source);
  const now = () => clock.now() + composed.skewMs();
  const { onEvent } = functions;
  const announcer = createAnnouncer({ group, now, logger, onEvent, bus: composed.eventBus });
  const dependencies = {
    ...composed,
    announcer,
    deliver,
    lifecycle: createLifecycle(shardFunctions),
    lastWords: createLastWords({ group }),
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    clock,
    random,
    ...observing,
    retention: createRetention(composed.source, { clock, logger }),
    caches: new Map(),
    endedRuns: new Set<string>(),
  };
  const afterwards = { ...dependencies, settings, write };

  /** Of no slot: beside all ticks, within its own deadline. */
  const beside = async (
    deadline: number,
    signal: AbortSignal,
    work: (time: Budget) => Promise<ConsumerResult>,
  ) => {
    const { reserveMs } = settings.times;
    const time = startBudget(clock, { deadline, reserveMs, signal });
    try {
      return await work(time);
    } finally {
      time.end();
    }
  };
  const redriven = (request: RedriveRequest) => (time: Budget) =>
    observing.tracing.span('redrive', { group }, async (span) => {
      const result = await redrive({ ...dependencies, group, now }, request, time);
      const { found, redriven, failed, skipped } = result;
      span.set({ found, redriven, failed, skipped });
      return result;
    });
  const replays = createReplays({ ...dependencies, table: composed.replayTable }, settings);
  const operated = (operation: Operation, deadline: number) => async (time: Budget) => {
    const { store, source } = composed;
    if (operation.name === 'replay') {
      const { event } = operation;
      const run = { deadline, signal: time.requests };
      return 'begin' in event ? replays.begin(event.begin, run) : replays.turn(event.turn, run);
    }
    const options = { signal: time.work };
    if (operation.name === 'seek') return seek(store, source, operation, options);
    // In the table's time, of which an answer of it tells.
    await store.get('GROUP', { ...options, consistent: false });
    return lagOf(store, source, now(), options);
  };

  const { reserveMs } = settings.times;
  const answer = createDoorbell({ slots, reserveMs, clock, random, logger });
  /** Who has rung is not kept waiting, and neither are the other slots: such a tick does not linger. */
  const ticked = (invocation: Invocation): Promise<TickResult> => {
    const its = invocation.rung ? { ...settings, lingerMs: 0 } : settings;
    return thenTell(afterwards, invocation, () => tick(dependencies, its, invocation));
  };

  const presented = middy<ConsumerEvent, ConsumerResult, Error, Context>().use({
    onError: presentError,
  });
  const handle = async (event: ConsumerEvent, context: Context, { signal }: { signal: AbortSignal }) => {
    checkHost(environment);
    const request = readRedrive(event);
    const operation = readOperation(event);
    const deadline = deadlineAt(context.getRemainingTimeInMillis());
    if (request !== undefined) return beside(deadline, signal, redriven(request));
    if (operation !== undefined) return beside(deadline, signal, operated(operation, deadline));
    const rung = readRung(event);
    if (rung !== undefined) {
      const scales = slots !== undefined && slotsMin !== undefined;
      const all = scales ? await presentSlots(composed.store, slots, { signal }) : slots;
      return answer(rung, deadline, (slot) => ticked({ slot, deadline, signal, rung: true }), all);
    }
    return ticked({ slot: readSlot(event, slots), deadline, signal });
  };
  return presented.handler(handle);
}
