/** Gives dead letters to the user's function once more. */
import type { LetterFilter } from './deadLetters/deadLetters.ts';
import { giveLetter, LEASE_MARGIN_MS, type RedriveTime, type RedriveTools } from './giveLetter.ts';

/** Which dead letters, and how many of them. All, unless something is said. */
export interface RedriveRequest extends LetterFilter {
  /** No more than so many are given. */
  readonly lettersMax?: number | undefined;
  /** Only counts those that are meant. */
  readonly dryRun?: boolean | undefined;
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
      const outcome = await giveLetter(tools, claim, { ...time, isFirst });
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
