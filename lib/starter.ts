/** The function that one schedule starts, and that starts all slots of a group. */
import type { Context } from 'aws-lambda';
import { composeStore } from './compose/group.ts';
import type { Environment } from './config/rules.ts';
import { readStarter } from './config/starter.ts';
import { createStart } from './credentials/lambdaInvoke.ts';
import { presentable, ShardbeatError } from './errors.ts';
import { createLogger } from './observe/logger.ts';
import { systemRandom as random, systemClock } from './runtime.ts';
import { scale } from './scaling/scale.ts';
import { startSlots } from './scaling/startSlots.ts';

/** What the function answers. */
export interface Started {
  /** How many slots the group is to have. */
  readonly wanted: number;
  /** Those that were started; one that is leaving is, until it holds nothing. */
  readonly started: readonly string[];
  readonly failed: readonly string[];
}

export interface StarterOptions {
  /** Where the settings stand; `process.env` unless set. */
  environment?: Environment;
  /** Over how long the starts are spread, milliseconds; a twentieth of the interval unless set, and no more than half of the run's time. */
  spreadMs?: number;
}

/** Of the interval, the part over which the slots are started: they do not ask the table and the log service all at once. */
const SPREAD_SHARE = 1 / 20;
/** Of a run's time, what there is for the table: whatever becomes of that, the slots are started. */
const READING_SHARE = 1 / 3;
/** Of a run's time, what starting is spread over at the most, however long the interval is: the last slots have to be started, too. */
const SPREAD_SHARE_MAX = 1 / 2;
/** Kept free for the answer. */
const RESERVE_MS = 500;

/**
 * Makes the handler: `export const handler = starter()`. Where the number of slots follows the load, it decides that first. Fails if no slot could be
 * started; one that comes twice does no harm, since the slots are taken then. Throws a SettingsError for settings that cannot be used.
 */
export function starter({ environment = process.env, ...options }: StarterOptions = {}) {
  const settings = readStarter(environment);
  const { times, slots, slotsMin, function: name, endpoint } = settings;
  const { spreadMs = times.intervalMs * SPREAD_SHARE } = options;
  const clock = systemClock;
  const write = (line: string) => process.stdout.write(`${line}\n`);
  const logger = createLogger({ level: settings.logLevel, write, now: clock.now });
  const { client, skewMs, store } = composeStore(settings, { clock, random });
  const account = client.config;
  const invoke = createStart({ name, account, endpoint, clock, random });
  const scaling = {
    store,
    logger,
    now: () => clock.now() + skewMs(),
    times,
    slots,
  };
  /** Of the last run in this sandbox: for one that cannot read the table. */
  let remembered: Awaited<ReturnType<typeof scale>> | undefined;

  async function choose(signal: AbortSignal) {
    if (slotsMin === undefined) return { wanted: slots.length, start: slots };
    try {
      remembered = await scale({ ...scaling, slotsMin }, { signal });
      return remembered;
    } catch (error) {
      logger.error('slots.notRead', { error });
      return remembered ?? { wanted: slotsMin, start: slots.slice(0, slotsMin) };
    }
  }

  return async (_event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<Started> => {
    const ending = new AbortController();
    const leftMs = context.getRemainingTimeInMillis() - RESERVE_MS;
    const timer = setTimeout(() => ending.abort(timeIsOver()), leftMs);
    try {
      const reading = AbortSignal.timeout(Math.max(0, Math.round(leftMs * READING_SHARE)));
      const { wanted, start } = await choose(AbortSignal.any([ending.signal, reading]));
      const starting = {
        clock,
        logger,
        spreadMs: Math.min(spreadMs, leftMs * SPREAD_SHARE_MAX),
        start: (slot: string, signal: AbortSignal) => invoke({ slot }, signal),
      };
      const failed = await startSlots(start, starting, ending.signal);
      const started = start.filter((slot) => !failed.includes(slot));
      if (started.length === 0) throw new ShardbeatError(NONE_STARTED, { retriable: true });
      return { wanted, started, failed };
    } catch (error) {
      throw presentable(error);
    } finally {
      clearTimeout(timer);
    }
  };
}

const NONE_STARTED = 'no slot could be started: slots.notStarted in the log says why';
const timeIsOver = () => new DOMException('the time of the run is over', 'TimeoutError');
