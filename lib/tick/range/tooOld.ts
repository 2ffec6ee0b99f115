import type { Part } from '../../delivery/attempt.ts';
import type { LogRecord } from '../../sources/source.ts';
import type { TickContext } from '../context.ts';
import type { Range } from './range.ts';

/** So many are put aside at a time. */
const TOO_OLD_RECORDS_MAX = 100;

/** How many records from this place on are older than is wanted. */
export function tooOldFrom(context: TickContext, range: Range, place: number): number {
  const isTooOld = ageTest(context);
  if (isTooOld === undefined) return 0;
  let count = 0;
  for (const record of range.records(place, Math.min(range.count, place + TOO_OLD_RECORDS_MAX))) {
    if (!isTooOld(record)) break;
    count++;
  }
  return count;
}

/** Where the part has to end, so that it has no record that is too old. */
export function firstTooOld(context: TickContext, range: Range, { first, last }: Part): number {
  const isTooOld = ageTest(context);
  if (isTooOld === undefined) return last;
  let place = first;
  for (const record of range.records(first, last)) {
    // The first one has just been looked at, and is young enough.
    if (place > first && isTooOld(record)) return place;
    place++;
  }
  return last;
}

function ageTest({ settings, groupNow }: TickContext): ((record: LogRecord) => boolean) | undefined {
  const { ageMaxMs } = settings.delivery;
  if (ageMaxMs === undefined) return undefined;
  const oldest = groupNow() - ageMaxMs;
  return (record) => receivedMs(record) < oldest;
}

/** SLS writes down when it received a log group, if the logstore is set so (user guide, "Enable the public IP address logging feature"). */
const RECEIVE_TIME_TAG = '__receive_time__';

/** When the service received the record, where it tells; else the record's own time. */
function receivedMs({ tags, timeMs }: LogRecord): number {
  const seconds = Number(tags[RECEIVE_TIME_TAG] || Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : timeMs;
}
