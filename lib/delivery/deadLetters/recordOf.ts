import { SourceError } from '../../errors.ts';
import { recordOfPairs } from '../../sources/pairsRecord.ts';
import type { LogRecord, Source } from '../../sources/source.ts';
import type { KeptLetter } from './deadLetters.ts';

/** The record of a letter, or why it is not to be had. */
export type Found = { record: LogRecord } | { gone: string };

/** What a source can be asked for in one pull, whichever it is. */
const COUNT_MAX = 1_000;

/**
 * The record that is kept in the letter, or else the one that stands at its place in the stream. Throws what the source throws, unless it
 * says that the record is not there any more.
 */
export async function recordOf(
  letter: KeptLetter,
  source: Pick<Source, 'pull'> | undefined,
  signal: AbortSignal,
): Promise<Found> {
  const { recordId: id, timeMs, record } = letter;
  if (record !== undefined) {
    const { pairs, ...rest } = record;
    return { record: recordOfPairs(pairs, { id, timeMs, ...rest }) };
  }
  if (source === undefined) return { gone: TOO_LARGE_HERE };
  try {
    const pulled = await pullAgain(letter, source, signal);
    return pulled === undefined ? { gone: NOT_THERE } : { record: pulled };
  } catch (error) {
    if (error instanceof SourceError && error.code === 'CursorExpired') return { gone: EXPIRED };
    throw error;
  }
}

const TOO_LARGE_HERE =
  'the record was too large to be kept and is in the stream only: open the group with its source, or with the environment of its function';
const EXPIRED =
  'the record was too large to be kept, and in the stream it is past the retention: nothing is left of it but this letter';
const NOT_THERE =
  'the record was too large to be kept, and is no longer at its place in the stream: has a filter been changed?';

/** Reads the range of the letter once more, up to its record. */
async function pullAgain(
  { shard, from, to, index, recordId }: KeptLetter,
  source: Pick<Source, 'pull'>,
  signal: AbortSignal,
): Promise<LogRecord | undefined> {
  let passed = 0;
  for (let cursor = from; cursor !== to; ) {
    const request = { shard, cursor, closed: false, endCursor: to, countMax: COUNT_MAX, signal };
    const { records, nextCursor } = await source.pull(request);
    for (const record of records) {
      // An id is sure; a place within a range is where there are no ids.
      const isMeant = recordId === undefined ? passed === index : record.id === recordId;
      if (isMeant) return record;
      passed++;
    }
    if (nextCursor === cursor) return undefined;
    cursor = nextCursor;
  }
  return undefined;
}
