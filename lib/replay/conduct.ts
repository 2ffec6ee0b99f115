/** Who has a replay made, turn by turn, until it has come to its end: then nothing of it is left. */
import type { LetterHead } from '../delivery/deadLetters/deadLetters.ts';
import { ShardbeatError, StoreError } from '../errors.ts';
import { type GroupState, shardKey } from '../group/items.ts';
import type { GroupStore } from '../group/store.ts';
import type { Clock } from '../runtime.ts';
import { SKEW_MARGIN_MS_MAX } from '../times.ts';
import { clearReplay } from './clear.ts';
import { createPace } from './pace.ts';
import { createProgress, isOverIn, type ReplayProgress } from './progress.ts';
import {
  type BeginReplay,
  isSlotOf,
  type ReplayBegun,
  type ReplayCount,
  type ReplayRefused,
  type ReplayTable,
  type ReplayTurn,
  type ReplayTurned,
  replaySlot,
} from './replay.ts';

/** How a replay is made: by the deployed function, or here. */
export interface ReplaySteps {
  begin(request: BeginReplay, signal: AbortSignal): Promise<ReplayBegun>;
  turn(request: ReplayTurn): Promise<ReplayTurned>;
}

export interface ConductTools extends ReplayTable {
  readonly steps: ReplaySteps;
  readonly clock: Clock;
  /** The table's time. */
  now(): number;
}

/** What the function did not take, after as many attempts as it has. */
export interface GivenUpRecords {
  readonly count: number;
  /** The first of them. */
  readonly first: readonly Pick<LetterHead, 'id' | 'shard' | 'attempts' | 'message'>[];
}

/** What a replay has done. */
export interface ReplayResult extends ReplayProgress {
  /**
   * `done`: all of the range was read. `stuck`: nothing that is left succeeds. `interrupted`: it was told to stop.
   */
  readonly stopped: 'done' | 'stuck' | 'interrupted';
  readonly givenUp: GivenUpRecords;
  /** Where to begin to read what was not; undefined where nothing is left. */
  readonly goOnFrom: number | undefined;
}

/** Letters that are told of by name. */
const TOLD_MAX = 10;
/** Turns in a row that fail, and change nothing. */
const FAILURES_MAX = 5;
/** How long turns may be refused. */
const RETRY_MS_MAX = 5 * 60_000;
/** A run of a function ends after 15 minutes at the latest. */
const CLEAR_MS_MAX = 16 * 60_000;

interface ConductOptions {
  signal: AbortSignal;
  onProgress?: ((progress: ReplayProgress) => void) | undefined;
}

/**
 * Begins a replay, makes all turns, and removes it, however it ends. `signal`: ends it early, once the runs at work have noticed. Another
 * replay of the group, `begun: false`, stays as it is.
 */
export async function conductReplay(
  tools: ConductTools,
  request: BeginReplay,
  options: ConductOptions,
): Promise<ReplayResult | ReplayRefused> {
  try {
    const begun = await tools.steps.begin(request, options.signal);
    return begun.begun ? await makeTurns(tools, request, begun, options) : begun;
  } finally {
    await removeAll(tools, request.id);
  }
}

async function makeTurns(
  tools: ConductTools,
  request: BeginReplay,
  begun: ReplayCount,
  { signal, onProgress }: ConductOptions,
): Promise<ReplayResult> {
  const progress = createProgress(request, begun, tools.clock);
  const ended = new AbortController();
  const end = (): void => ended.abort();
  let fenced: Promise<void> | undefined;
  const interrupt = (): void => {
    end();
    // Runs at work find at their next checkpoint that the shard is not theirs. Else they come to their end all the same.
    fenced = fence(tools.store).catch(() => {});
  };
  if (signal.aborted) interrupt();
  else signal.addEventListener('abort', interrupt, { once: true });
  const ends = Object.fromEntries(begun.shards.map(({ shard, to }) => [shard, to]));
  const slots = Array.from({ length: request.slots }, (_, index) => replaySlot(request.id, index));
  const { slots: _slots, ...range } = request;
  try {
    const drive = { ...tools, progress, ended, onProgress, patienceMs: begun.patienceMs };
    const driven = await Promise.allSettled(
      slots.map((slot) => driveSlot(drive, { ...range, slot, ends }).finally(end)),
    );
    for (const one of driven) if (one.status === 'rejected') throw one.reason;
    const so = progress.now();
    const stopped = isOverIn(so.shards) ? 'done' : signal.aborted ? 'interrupted' : 'stuck';
    const givenUp = await givenUpIn(tools);
    return { ...so, stopped, givenUp, goOnFrom: stopped === 'done' ? undefined : progress.goOnFrom() };
  } finally {
    signal.removeEventListener('abort', interrupt);
    await fenced;
  }
}

interface Drive extends ConductTools {
  progress: ReturnType<typeof createProgress>;
  ended: AbortController;
  onProgress: ((progress: ReplayProgress) => void) | undefined;
  patienceMs: number;
}

/** One turn of the slot after another, until all is read, or nothing succeeds any more. */
async function driveSlot(drive: Drive, turn: ReplayTurn): Promise<void> {
  const { steps, clock, progress, ended, onProgress, patienceMs, store } = drive;
  const pace = createPace(clock);
  const patience = createPatience(store, clock);
  while (!ended.signal.aborted) {
    let turned: ReplayTurned;
    try {
      turned = await steps.turn(turn);
      patience.restore();
    } catch (error) {
      if (!(await patience.bears(error))) throw error;
      await pace.afterFailure(ended.signal);
      continue;
    }
    if (turned.outcome === 'gone') throw gone();
    if (turned.outcome === 'disagrees') throw changed();
    const gotOn = progress.took(turned);
    onProgress?.(progress.now());
    if (progress.isOver() || progress.isStuck(patienceMs)) return;
    await pace.after(turned, gotOn, drive.now(), ended.signal);
  }
}

/** Whether another turn may do what this one did not: the run died of a record, or was not even begun. */
function createPatience(store: GroupStore, clock: Clock) {
  let failures = 0;
  let since = clock.now();
  let seen = '';
  return {
    restore(): void {
      failures = 0;
      since = clock.now();
    },
    async bears(error: unknown): Promise<boolean> {
      if (!(error instanceof StoreError)) return false;
      // Such as for want of concurrency.
      if (error.retriable) return clock.now() - since < RETRY_MS_MAX;
      if (error.code !== 'FunctionFailed') return false;
      // Of what a run dies is noted in the table, and nowhere else.
      const before = seen;
      seen = JSON.stringify([...(await readAll(store)).shards]);
      failures = seen === before ? failures + 1 : 0;
      return failures < FAILURES_MAX;
    },
  };
}

const gone = () =>
  new ShardbeatError('the replay is no longer there: somebody else has removed it', { retriable: false });
const changed = () =>
  new ShardbeatError('the settings of the function were changed meanwhile: begin the replay again', {
    retriable: false,
  });

const never = new AbortController().signal;
const readAll = (store: GroupStore): Promise<GroupState> =>
  store.readAll({ consistent: true, signal: never });

async function fence(store: GroupStore): Promise<void> {
  const { shards } = await readAll(store);
  for (const shard of shards.keys()) {
    const write = { add: { epoch: 1 }, condition: { exists: 'epoch' } } as const;
    await store.update(shardKey(shard), write, { signal: never });
  }
}

async function givenUpIn({ letters }: ReplayTable): Promise<GivenUpRecords> {
  let count = 0;
  const first: GivenUpRecords['first'][number][] = [];
  for await (const { id, shard, attempts, message } of letters.list({}, { signal: never })) {
    if (++count <= TOLD_MAX) first.push({ id, shard, attempts, message });
  }
  return { count, first };
}

/** A run that has not answered may be at work until its deadline; a table that does not answer may do so later. */
async function removeAll({ clock, now, ...table }: ConductTools, id: string): Promise<void> {
  const giveUpAt = clock.now() + CLEAR_MS_MAX;
  const isOwn = ownOf(id);
  for (;;) {
    const limits = { now: now(), skewMarginMs: SKEW_MARGIN_MS_MAX, isOwn };
    const answer = await clearReplay(table, limits, { signal: never }).catch((error: unknown) => {
      if (error instanceof StoreError && error.retriable) return { cleared: false, until: 0 } as const;
      throw error;
    });
    if (answer.cleared) return;
    const waitMs = Math.max(1_000, answer.until + SKEW_MARGIN_MS_MAX - now());
    if (clock.now() + waitMs > giveUpAt) throw left();
    await clock.sleep(waitMs);
  }
}

/** By its slots; once they are removed, by its group. */
function ownOf(id: string): (state: GroupState) => boolean {
  let createdAt: number | undefined;
  return ({ group, consumers }) => {
    const isOwn =
      [...consumers.keys()].some((slot) => isSlotOf(id, slot)) ||
      (createdAt !== undefined && group?.createdAt === createdAt);
    if (isOwn) createdAt = group?.createdAt ?? createdAt;
    return isOwn;
  };
}

const left = () =>
  new ShardbeatError(
    'a run of the replay does not end, or the table does not answer: its items stay there, until the next replay',
    { retriable: true },
  );
