/** Gives dead letters to the user's function once more. */
import { ShardbeatError } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { messageOf } from '../observe/plainError.ts';
import type { Clock } from '../runtime.ts';
import { bytesOf } from '../sources/pairsRecord.ts';
import type { LogRecord, Source } from '../sources/source.ts';
import type { Claim, DeadLetterStore, KeptLetter, LetterFilter } from './deadLetters/deadLetters.ts';
import { recordOf } from './deadLetters/recordOf.ts';
import type { Deliver, Delivered } from './delivered.ts';
import type { Batch } from './userModule.ts';

export interface RedriveTools {
  deadLetters: Pick<DeadLetterStore, 'claims' | 'list' | 'count'>;
  deliver: Deliver;
  /** Needed for records that were too large to be kept. */
  source: Pick<Source, 'pull'> | undefined;
  group: string;
  clock: Clock;
  /** The time of the letters' place. */
  now: () => number;
  logger: Logger;
}

/** Which dead letters, and how many of them. All, unless something is said. */
export interface RedriveRequest extends LetterFilter {
  /** No more than so many are given. */
  readonly lettersMax?: number | undefined;
  /** Only counts those that are meant. */
  readonly dryRun?: boolean | undefined;
}

/** The time of a redrive. */
export interface RedriveTime {
  /** From here on none is begun, and the one in work is given up. By our clock. */
  readonly workUntil: number;
  /** Aborted then: for pulls and the user's function. */
  readonly work: AbortSignal;
  /** Aborted later, so that what was processed is removed. */
  readonly requests: AbortSignal;
}

/** What a redrive has done. */
export interface RedriveResult {
  readonly dryRun: boolean;
  /** Letters that were meant and looked at. */
  readonly found: number;
  /** Of these: the user's function succeeded, and they are removed. */
  readonly redriven: number;
  /** It failed again, or the record is not to be had: they stay, and count it. */
  readonly failed: number;
  /** Another redrive has them, or has had them meanwhile. */
  readonly skipped: number;
  /** How many dead letters there are now, whichever; undefined where there was no time to ask. */
  readonly left: number | undefined;
  /** Why it ended: none was left that is meant, the time was over, or as many were given as should be. */
  readonly stopped: 'done' | 'timeUp' | 'lettersMax';
}

/** Of one letter; a redrive that is killed keeps it from others for as long. */
const LEASE_MS_MAX = 15 * 60_000;
/** Of the lease, what stays free to tell the outcome, whatever clocks differ. */
const LEASE_MARGIN_MS = 10_000;
const MESSAGE_CHARACTERS_MAX = 200;

/**
 * Claims one letter after another, gives each to the user's function as a batch of one, and removes it if that succeeds. It may be
 * interrupted anywhere, run beside the group and beside other redrives: a letter is in one hand at a time, and is there until it has
 * been processed.
 *
 * Throws what the store throws; what the source or the user's function throws is noted in the letter.
 */
export async function redrive(
  tools: RedriveTools,
  { dryRun = false, lettersMax = Number.POSITIVE_INFINITY, ...filter }: RedriveRequest,
  time: RedriveTime,
): Promise<RedriveResult> {
  const counts = { found: 0, redriven: 0, failed: 0, skipped: 0 };
  const work = dryRun
    ? look(tools, filter, time, counts)
    : giveAll(tools, { ...filter, lettersMax }, time, counts);
  const stopped = await unlessOver(work, time, 'timeUp' as const);
  const left = await unlessOver(tools.deadLetters.count({ signal: time.requests }), time, undefined);
  const result = { dryRun, ...counts, left, stopped };
  tools.logger.info('redrive.ended', result);
  return result;
}

type Counts = { -readonly [K in 'found' | 'redriven' | 'failed' | 'skipped']: number };

/** Whatever is cut because the time is over is no failure. */
async function unlessOver<T, U>(work: Promise<T>, { requests }: RedriveTime, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (requests.aborted) return otherwise;
    throw error;
  }
}

async function look(
  { deadLetters }: RedriveTools,
  filter: LetterFilter,
  { requests }: RedriveTime,
  counts: Counts,
): Promise<'done'> {
  for await (const _letter of deadLetters.list(filter, { signal: requests })) counts.found++;
  return 'done';
}

async function giveAll(
  tools: RedriveTools,
  { lettersMax, ...filter }: LetterFilter & { lettersMax: number },
  time: RedriveTime,
  counts: Counts,
): Promise<RedriveResult['stopped']> {
  const { clock, deadLetters } = tools;
  const leaseMs = Math.min(LEASE_MS_MAX, Math.max(0, time.workUntil - clock.now()) + 2 * LEASE_MARGIN_MS);
  const claims = deadLetters.claims(filter, { leaseMs, signal: time.requests })[Symbol.asyncIterator]();
  let longestMs = 0;
  try {
    while (counts.redriven + counts.failed < lettersMax) {
      // One that takes as long as the longest so far must still fit.
      if (time.work.aborted || clock.now() + longestMs >= time.workUntil) return 'timeUp';
      const { done, value: claim } = await claims.next();
      if (done) return 'done';
      counts.found++;
      if (claim === 'taken') {
        counts.skipped++;
        continue;
      }
      const givenAt = clock.now();
      const isFirst = counts.redriven + counts.failed === 0;
      const outcome = await give(tools, claim, { ...time, isFirst });
      if (outcome === 'released') return 'timeUp';
      counts[outcome]++;
      longestMs = Math.max(longestMs, clock.now() - givenAt);
    }
    return 'lettersMax';
  } finally {
    // Lets go of whatever the place has given out.
    await claims.return?.();
  }
}

interface LetterTime extends RedriveTime {
  /** None was given before: it has had all the time that there is. */
  isFirst: boolean;
}

/** Gives one letter that is claimed, and tells its store how it went. */
async function give(
  tools: RedriveTools,
  claim: Claim,
  time: LetterTime,
): Promise<'redriven' | 'failed' | 'skipped' | 'released'> {
  const { letter } = claim;
  const options = { signal: time.requests };
  const batch = batchOf(tools.group, letter);
  const logger = tools.logger.with({ shard: letter.shard, batch: batch.id, letter: letter.id });
  const delivered = await attempt(tools, claim, batch, { time, logger });
  if (delivered.how === 'succeeded') {
    const isOurs = await claim.remove(options);
    // It was processed; whoever has it now processes it again.
    logger.info('redrive.succeeded', { redrives: letter.redrives, isRemoved: isOurs });
    return 'redriven';
  }
  const isLate = tools.clock.now() >= time.workUntil;
  // With all the time that there is it had its chance; told to stop, or begun late, it had none.
  if (delivered.how === 'timedOut' && (isLate ? !time.isFirst : time.work.aborted)) {
    await claim.release(options);
    return 'released';
  }
  const message = messageOf(delivered.error, MESSAGE_CHARACTERS_MAX);
  const isOurs = await claim.fail(message, options);
  logger.error('redrive.failed', { redrives: letter.redrives, error: delivered.error });
  return isOurs ? 'failed' : 'skipped';
}

async function attempt(
  { deliver, source, clock, now }: RedriveTools,
  { letter, until: claimedUntil }: Claim,
  batch: Omit<Batch, 'records' | 'bytes'>,
  { time, logger }: { time: LetterTime; logger: Logger },
): Promise<Delivered> {
  const leaseUntil = clock.now() + claimedUntil - now();
  const until = Math.min(time.workUntil, leaseUntil - LEASE_MARGIN_MS);
  const ended = new AbortController();
  const over = new AbortController();
  const timeUp = () => over.abort(new DOMException('the time of the redrive is over', 'TimeoutError'));
  if (until <= clock.now()) timeUp();
  else clock.sleep(until - clock.now(), ended.signal).then(timeUp, () => {});
  const signal = AbortSignal.any([time.work, over.signal]);
  try {
    const found = await recordOf(letter, source, signal);
    if ('gone' in found)
      return { how: 'failed', error: new ShardbeatError(found.gone, { retriable: false }) };
    return await deliver(withRecord(batch, found.record), {
      signal,
      remainingMs: () => Math.max(0, until - clock.now()),
      logger,
    });
  } catch (error) {
    return signal.aborted ? { how: 'timedOut', done: 0, error } : { how: 'failed', error };
  } finally {
    ended.abort();
  }
}

/** The batch of a letter, but for its record. */
function batchOf(group: string, letter: KeptLetter): Omit<Batch, 'records' | 'bytes'> {
  const { shard, from, to, index, stream: tags } = letter;
  const id = `${group}/${shard}/${from}-${to}/${index}-${index + 1}`;
  return { id, group, shard, from, to, tags, redriven: true };
}

const withRecord = (batch: Omit<Batch, 'records' | 'bytes'>, record: LogRecord): Batch => ({
  ...batch,
  records: [record],
  bytes: bytesOf(record),
});
