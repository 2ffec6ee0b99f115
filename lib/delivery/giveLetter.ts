/** Gives one dead letter to the user's function once more. */
import { ShardbeatError, WritesError } from '../errors.ts';
import type { ItemWrite } from '../group/itemWrite.ts';
import type { Logger } from '../observe/logger.ts';
import { messageOf } from '../observe/plainError.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Clock } from '../runtime.ts';
import { bytesOf } from '../sources/pairsRecord.ts';
import type { LogRecord, Source } from '../sources/source.ts';
import type { CallOptions, Claim, DeadLetterStore, KeptLetter } from './deadLetters/deadLetters.ts';
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
  tracing: Tracing;
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

/** Of the lease, what stays free to tell the outcome, whatever clocks differ. */
export const LEASE_MARGIN_MS = 10_000;
const MESSAGE_CHARACTERS_MAX = 200;

export interface LetterTime extends RedriveTime {
  /** None was given before: it has had all the time that there is. */
  isFirst: boolean;
}

/** Gives one letter that is claimed, and tells its store how it went. */
export async function giveLetter(
  tools: RedriveTools,
  claim: Claim,
  time: LetterTime,
): Promise<'redriven' | 'failed' | 'skipped' | 'released'> {
  const { letter } = claim;
  const options = { signal: time.requests };
  const batch = batchOf(tools.group, letter);
  const logger = tools.logger.with({ shard: letter.shard, batch: batch.id, letter: letter.id });
  const attributes = { shard: letter.shard, batch: batch.id, letter: letter.id, records: 1 };
  const delivered = await tools.tracing.span('batch', attributes, async (span) => {
    const how = await attempt(tools, claim, batch, { time, logger });
    if (how.how !== 'succeeded') span.fail(how.error);
    return how;
  });
  const outcome = delivered.how === 'succeeded' ? await removed(claim, delivered.writes, options) : delivered;
  // Nothing was written: whoever has it now does that.
  if (outcome.how === 'lost') return 'skipped';
  if (outcome.how === 'removed') {
    // It was processed; whoever has it now processes it again.
    logger.info('redrive.succeeded', { redrives: letter.redrives, isRemoved: outcome.isOurs });
    return 'redriven';
  }
  const isLate = tools.clock.now() >= time.workUntil;
  // With all the time that there is it had its chance; told to stop, or begun late, it had none.
  if (outcome.how === 'timedOut' && (isLate ? !time.isFirst : time.work.aborted)) {
    await claim.release(options);
    return 'released';
  }
  const message = messageOf(outcome.error, MESSAGE_CHARACTERS_MAX);
  const isOurs = await claim.fail(message, options);
  logger.error('redrive.failed', { redrives: letter.redrives, error: outcome.error });
  return isOurs ? 'failed' : 'skipped';
}

const ELSEWHERE =
  'the function returned writes: they and the removal of a dead letter are one write only where the dead letters are in the table';

/** What the user's function has returned is written if and only if the letter goes. */
async function removed(
  claim: Claim,
  along: readonly ItemWrite[] | undefined,
  options: CallOptions,
): Promise<{ how: 'removed'; isOurs: boolean } | { how: 'lost' } | { how: 'failed'; error: unknown }> {
  if (along === undefined) return { how: 'removed', isOurs: await claim.remove(options) };
  try {
    if (claim.removeWith === undefined) throw new WritesError(ELSEWHERE);
    const isOurs = await claim.removeWith(along, options);
    return isOurs ? { how: 'removed', isOurs } : { how: 'lost' };
  } catch (error) {
    if (error instanceof WritesError) return { how: 'failed', error };
    throw error;
  }
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
  return { id, group, shard, from, to, first: index, tags, redriven: true };
}

const withRecord = (batch: Omit<Batch, 'records' | 'bytes'>, record: LogRecord): Batch => ({
  ...batch,
  records: [record],
  bytes: bytesOf(record),
});
