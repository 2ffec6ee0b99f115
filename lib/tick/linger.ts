import { createTurns } from '../parallel.ts';
import type { Bytes } from './bytes.ts';
import type { ShardOutcome, TickContext } from './context.ts';
import type { TickCoordination } from './coordination/coordination.ts';
import { pollDelayMs } from './pollDelay.ts';
import type { ShardResult } from './result.ts';
import { workOnShard } from './shard.ts';
import { shareBytes } from './sharedBytes.ts';
import { lookForNews, type News } from './watch.ts';

/**
 * Why a slot polls no longer. `over`: no time is left, or nothing to poll. `finished`: a shard was read to its end, which may let others
 * begin. `reassigned`: the log service has. `woken`: as it wanted to be.
 */
export type LingerEnd = 'over' | 'finished' | 'reassigned' | 'woken' | News;

/** Between two looks at the slot's item, if something has come since, or is awaited; and between two attempts to claim a shard. */
const LOOK_MS = 5_000;
/** Between two looks at what the log service assigns: of one slot, and of all that ask in turn. CLS takes 20 a second. */
const ASK_MS = 15_000;
const ASK_MS_PER_SLOT = 100;
/** What is gathered is read again from its beginning each time. */
const GATHERING_MS_MAX = 16_000;

const POLLED: ReadonlySet<ShardResult['stopped']> = new Set([
  'caughtUp',
  'gathering',
  'waiting',
  'sourceFailed',
  // Where time is left, it had to make room for something else.
  'deadline',
]);

/** Whether something may come to be done in the shard in this tick. */
const isPolled = ({ result: { stopped }, remember }: ShardOutcome): boolean =>
  POLLED.has(stopped) && (remember !== undefined || stopped === 'waiting');

/** When the tick polls no longer. */
const lingerUntil = ({ settings, budget: { workUntil, workMs } }: TickContext): number =>
  Math.min(workUntil, workUntil - workMs + settings.lingerMs);

/** Whether the tick goes on once all is read up. */
export const mayLinger = (context: TickContext): boolean =>
  !context.budget.work.aborted && context.clock.now() < lingerUntil(context);

/** `onPoll` counts them; `onCome` is told how long one took that brought something. */
export interface Lingering {
  context: TickContext;
  coordination: TickCoordination;
  /** Kept true: how far each shard came. */
  outcomes: Map<string, ShardOutcome>;
  onPoll(): void;
  onCome(durationMs: number): void;
}

/** Left between two batches when there is news, however much there is to read. */
type Poll = Lingering & { bytes: Bytes; yields(): boolean };

/**
 * Polls the shards that are read up, each at a pace of its own, as long as there is time and nobody changes what the slot has to do.
 * Nothing is in work any more when it ends. `looksAtOnce`: there may be news. `wakeAt`: when it ends in any case.
 */
export async function linger(
  lingering: Lingering,
  { looksAtOnce, wakeAt = Number.POSITIVE_INFINITY }: { looksAtOnce: boolean; wakeAt?: number | undefined },
): Promise<LingerEnd> {
  const { context, coordination, outcomes } = lingering;
  const { settings, clock, consumer } = context;
  const session = openSession(context, wakeAt);
  // Only then is there anybody whom a look helps: a group in which nothing happens pays for none.
  let hasComeSince = [...outcomes.values()].some(({ result }) => result.batches > 0);
  // A log service gives a slot that has just joined its first shards once others have let go of them.
  const isNew = coordination.hasChanged !== undefined && consumer.tick === 1 && outcomes.size === 0;
  const isAwaited = (): boolean =>
    consumer.generation === undefined ||
    isNew ||
    [...outcomes.values()].some(({ result }) => result.stopped === 'waiting');
  /** What fails is asked again later. */
  const unlessFailed = <T>(asked: Promise<T>): Promise<T | undefined> =>
    asked.catch((error: unknown) => {
      context.logger.debug('look.failed', { error });
      return undefined;
    });
  const look = async (): Promise<void> => {
    hasComeSince = false;
    const news = await unlessFailed(lookForNews(context));
    if (news !== undefined) session.end(news);
  };
  const watching = async (): Promise<void> => {
    while (await session.pause(LOOK_MS)) if (hasComeSince || isAwaited()) await look();
  };
  const asking = async (): Promise<void> => {
    const askMs = Math.max(ASK_MS, (settings.slots?.length ?? 0) * ASK_MS_PER_SLOT);
    while (coordination.hasChanged !== undefined && (await session.pause(askMs))) {
      if (await unlessFailed(coordination.hasChanged())) session.end('reassigned');
    }
  };

  if (looksAtOnce) await look();
  const wanted = Object.entries(consumer.assigned ?? {}).filter(
    ([shard]) => outcomes.has(shard) && isPolled(outcomes.get(shard)!),
  );
  const shared = shareBytes(context, wanted.length);
  const { bytes } = shared;
  const turns = createTurns(settings.shardsParallelMax);
  const yields = session.isEnded;
  const poll = async (shard: string, grant: number): Promise<void> => {
    let [lastAt, failures] = [clock.now(), 0];
    for (;;) {
      const before = outcomes.get(shard)!;
      const delayMs = delayOf(context, before, { lastAt, failures, shards: wanted.length });
      if (!(await session.pause(delayMs))) return;
      let beganAt = clock.now();
      const after = await turns(async () => {
        beganAt = clock.now();
        return session.isOver()
          ? undefined
          : pollOnce({ ...lingering, bytes, yields }, { shard, grant }, before);
      });
      if (after === undefined) return;
      outcomes.set(shard, after);
      const { stopped } = after.result;
      failures = stopped === 'sourceFailed' ? failures + 1 : 0;
      if (hasCome(before.result, after.result)) {
        hasComeSince = true;
        lastAt = clock.now();
        lingering.onCome(Math.max(0, lastAt - beganAt));
      }
      if (stopped === 'done') session.end('finished');
      // Somebody has moved it, or has it.
      if (stopped === 'lost') await look();
      if (!isPolled(after)) return;
    }
  };
  const besides = Promise.all([watching(), asking()]);
  await Promise.all(wanted.map(([shard, grant]) => poll(shard, grant)));
  shared.end();
  // Who has nothing to poll may wait for something all the same.
  if (!isAwaited() && wakeAt === Number.POSITIVE_INFINITY) session.end('over');
  await besides;
  return session.ended();
}

/** The time that there is for lingering, and why it ended. */
function openSession(context: TickContext, wakeAt: number) {
  const { clock, budget } = context;
  const tickUntil = lingerUntil(context);
  const until = Math.min(wakeAt, tickUntil);
  const ending = new AbortController();
  const over = AbortSignal.any([budget.work, ending.signal]);
  let why: LingerEnd | undefined;
  const isOver = (): boolean => over.aborted || clock.now() >= until;
  return {
    /** The first reason counts. */
    end(reason: LingerEnd): void {
      why ??= reason;
      ending.abort();
    },
    isOver,
    /** For a reason. */
    isEnded: () => why !== undefined,
    /** False: there is no more time. */
    async pause(durationMs: number): Promise<boolean> {
      const leftMs = until - clock.now();
      if (!over.aborted && leftMs > 0) await clock.sleep(Math.min(durationMs, leftMs), over).catch(() => {});
      return !isOver();
    },
    ended: (): LingerEnd => why ?? (wakeAt < tickUntil ? 'woken' : 'over'),
  };
}

async function pollOnce(
  { context, coordination, onPoll, bytes, yields }: Poll,
  assigned: { shard: string; grant: number },
  before: ShardOutcome,
): Promise<ShardOutcome> {
  onPoll();
  const known = { cached: before.remember, isItsTurn: false, before };
  const outcome = await workOnShard({ ...context, bytes, yields }, coordination, assigned, known);
  // A run may die of what comes now: its turn is in the next tick, after all others.
  if ('suspect' in outcome)
    return { result: { ...before.result, stopped: 'deadline' }, remember: outcome.suspect };
  return outcome;
}

const hasCome = (before: ShardResult, after: ShardResult): boolean =>
  after.batches > before.batches || after.deadLetters !== before.deadLetters || after.stopped === 'done';

interface Pace {
  lastAt: number;
  failures: number;
  shards: number;
}

/** How long until the shard is asked again. */
function delayOf(
  { clock, random, settings }: TickContext,
  { result: { stopped }, remember }: ShardOutcome,
  { lastAt, ...pace }: Pace,
): number {
  if (stopped === 'waiting') return LOOK_MS;
  const now = clock.now();
  const leastMs = stopped === 'gathering' ? Math.min(GATHERING_MS_MAX, settings.delivery.waitMaxMs / 2) : 0;
  // As long as that it would keep a turn from the others.
  const turnMs = (remember?.pulledAt ?? 0) + settings.pullIntervalMs - now;
  return Math.max(leastMs, turnMs, pollDelayMs({ ...pace, idleMs: now - lastAt, chance: random.next() }));
}
