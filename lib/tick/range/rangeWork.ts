import { type Failed, type Part, type Rules, standsAlone } from '../../delivery/attempt.ts';
import { TIMED_OUT } from '../../delivery/condemned.ts';
import type { Delivered } from '../../delivery/delivered.ts';
import { WritesError } from '../../errors.ts';
import { type Holding, notePending } from '../../group/commit.ts';
import type { ItemWrite } from '../../group/itemWrite.ts';
import type { Pending } from '../../group/pending.ts';
import { messageOf } from '../../observe/plainError.ts';
import type { CachedShard } from '../cache.ts';
import type { TickContext } from '../context.ts';
import { observed } from '../observed.ts';
import type { ShardResult } from '../result.ts';
import { batchId, deliver } from './deliver.ts';
import { bytesOf, type Range, rangeId } from './range.ts';

/** One shard's range in work. What `holding` and `at` say of the table is kept true by `noted`. */
export interface RangeWork {
  context: TickContext;
  holding: Holding;
  at: CachedShard;
  range: Range;
  result: ShardResult;
  /** Ranges after it that were read in this tick. */
  behind: Range[];
  /** Reads what comes there, up to an end, where that is noted. Undefined: nothing, for now. `unknown`: there is no telling in this tick. */
  readOn(from: string, noted: RangeEndNote | undefined): Promise<Range | undefined | 'unknown'>;
  /** What comes there is not wanted any more: something has failed that stands before it. */
  dropAhead(): void;
  /** When the part in work was begun, or the pull for it; and how long one has taken at most in this tick. */
  startedAt: number;
  longestMs: number;
  /** What the user's function has taken and the table does not say yet. */
  taken: Taken;
}

/** Where a range ends, and how many records it had. */
export type RangeEndNote = NonNullable<Pending['behind']>[number];

export interface Taken {
  batches: number;
  records: number;
  bytes: number;
}

const NOTHING: Taken = { batches: 0, records: 0, bytes: 0 };

/** Counts what was taken, once the table says it. */
export function count({ result, taken }: Pick<RangeWork, 'result' | 'taken'>): void {
  result.batches += taken.batches;
  result.records += taken.records;
  result.bytes += taken.bytes;
  Object.assign(taken, NOTHING);
}

/** Why the range is left. `finished`: nothing of it is left to do, and the checkpoint may be written. */
export type RangeEnd = 'finished' | ShardResult['stopped'];

/** What the user's function has returned to be written with what says that its records are done. */
export type Along = readonly ItemWrite[] | undefined;

/**
 * Writes what is pending. Undefined: it goes on. `lost`: the shard is somebody else's by now. Throws WritesError where those along are
 * refused: then nothing is noted.
 */
export async function noted(work: RangeWork, pending: Pending, along?: Along): Promise<'lost' | undefined> {
  const lost = await writePending(work, pending, along);
  if (lost === undefined) count(work);
  return lost;
}

/** The same where nothing of the range is in work. */
export async function writePending(
  { context, holding, at }: Pick<RangeWork, 'context' | 'holding' | 'at'>,
  pending: Pending,
  along?: Along,
): Promise<'lost' | undefined> {
  const { store, budget, settings } = context;
  const { shard, cursor: from } = holding;
  const note = () => notePending(store, holding, pending, { signal: budget.requests, along });
  const attributes = { shard, range: rangeId(settings.group, shard, { from, to: pending.to }) };
  if (!(await observed(context, 'commit', attributes, note))) return 'lost';
  at.pending = pending;
  at.step = holding.step = (holding.step ?? 0) + 1;
  return undefined;
}

/** How it went with what was given, how long the user's function had it, and how long that took with all that it needed. */
export type Given = { delivered: Delivered; givenMs: number; elapsedMs: number };

/**
 * Gives a part to the user's function. Noted beforehand where a run may die of it: in a new sandbox, since the one before it may have died;
 * where something is under suspicion; and always, if a crash is not to change what a batch is. `keep` says in the table that it is done,
 * once it was taken: what is refused then has failed. `place`: of a record of a block. `limitMs`: it has no more time than that.
 */
export async function given(
  work: RangeWork,
  pending: Pending,
  { range, part }: { range: Range; part: Part },
  keep: Keep,
  { place, limitMs }: { place?: number; limitMs?: number } = {},
): Promise<Given | 'lost'> {
  const { context } = work;
  const size = part.last - part.first;
  if (context.isCold || pending.deadly || context.settings.delivery.identity === 'durable') {
    const inWork = {
      run: context.consumer.invocation,
      at: context.groupNow(),
      ...(place !== undefined && { place }),
    };
    const { proven: before, ...known } = pending;
    // Of a block, what was proven before its first one is so for all of them in turn, and no longer.
    const wasProven = before === true && place !== undefined && place > pending.done;
    const isProven = wasProven || (standsAlone(pending) && hasSucceededSince(context, pending.lastAt));
    const proof = isProven && { proven: true as const };
    if ((await noted(work, { ...known, size, inWork, ...proof })) === 'lost') return 'lost';
  }
  const calledAt = context.clock.now();
  const { delivered, beganAt } = await deliver(context, work.holding.shard, range, part, limitMs);
  const endedAt = context.clock.now();
  // What the module needs to begin with a shard says nothing of its batches.
  const elapsedMs = endedAt - work.startedAt - (beganAt - calledAt);
  work.longestMs = Math.max(work.longestMs, elapsedMs);
  work.at.batchMs = elapsedMs;
  work.startedAt = endedAt;
  const outcome =
    delivered.how === 'succeeded'
      ? await kept(work, { ...delivered, records: size, bytes: bytesOf(range, size) }, keep)
      : delivered;
  if (outcome === 'lost') return outcome;
  if (outcome.how !== 'succeeded' && outcome.how !== 'tooMany') work.dropAhead();
  return { delivered: outcome, givenMs: endedAt - beganAt, elapsedMs };
}

/** Says in the table that what was given is done, and does what is to be written along. */
export type Keep = (along: Along) => Promise<'lost' | undefined>;

async function kept(
  { context, taken }: RangeWork,
  { writes, records, bytes }: { writes?: Along; records: number; bytes: number },
  keep: Keep,
): Promise<Delivered | 'lost'> {
  taken.batches++;
  taken.records += records;
  taken.bytes += bytes;
  try {
    if ((await keep(writes)) === 'lost') return 'lost';
  } catch (error) {
    if (!(error instanceof WritesError)) throw error;
    Object.assign(taken, NOTHING);
    return { how: 'failed', error };
  }
  if (writes !== undefined) context.successes.at = context.groupNow();
  return { how: 'succeeded' };
}

/** Of the time that is left, so much is planned for. */
export const TIME_SHARE = 0.8;

/** Whether what was not finished has had enough of a tick for one record. */
export const hadTime = ({ context }: RangeWork, givenMs: number): boolean =>
  givenMs >= context.budget.workMs / 2;

/** What is noted of a failure. */
export function failureOf(
  { context }: RangeWork,
  delivered: Exclude<Delivered, { how: 'succeeded' }>,
): Failed {
  const at = context.groupNow();
  if (delivered.how === 'timedOut') return { at, message: TIMED_OUT };
  return { at, message: messageOf(delivered.error, MESSAGE_CHARACTERS_MAX) };
}

/** The shard item is billed by the KiB. */
const MESSAGE_CHARACTERS_MAX = 200;

/** Told only once it is noted: whoever writes the line may fail. */
export function tellFailure(
  { context, holding }: RangeWork,
  { range, part }: { range: Range; part: Part },
  { how, error }: Exclude<Delivered, { how: 'succeeded' }>,
  attempts: number,
): void {
  const batch = batchId(context.settings.group, holding.shard, range, part);
  const event = how === 'timedOut' ? 'batch.timedOut' : 'batch.failed';
  context.meter.add(how === 'timedOut' ? 'timedOutBatches' : 'failedBatches');
  context.logger.error(event, { shard: holding.shard, batch, attempts, error });
}

export const rulesOf = ({ settings, random }: TickContext): Rules => ({
  attemptsMax: settings.delivery.attemptsMax,
  intervalMs: settings.times.intervalMs,
  random: random.next,
});

/** Whether anything is given up at all. */
export const givesUp = ({ settings }: TickContext): boolean => settings.delivery.onPoison !== 'block';

/** Whether the user's function has succeeded since then in one of the slot's shards: so not everything fails. */
export const hasSucceededSince = ({ successes }: TickContext, since: number | undefined): boolean =>
  since !== undefined && successes.at !== undefined && successes.at > since;
