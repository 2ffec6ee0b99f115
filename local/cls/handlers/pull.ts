import { asInt64, type Fields } from '../../../lib/sources/cls/json.ts';
import { beginOf, endOf, holdsPosition, positionAtTime, type StoredGroup } from '../../service/log.ts';
import { type DataCall, type DataHandler, pathTopic } from '../call.ts';
import { refuseData } from '../errors.ts';
import { isAbsent } from '../fields.ts';
import { filterLogs } from '../filter.ts';
import { frameOf } from '../frame.ts';
import { snappyAnswer } from '../http.ts';
import { parseObject } from '../json.ts';
import { type Predicate, parseQuery } from '../query.ts';
import { type Partition, readMessages } from '../state/partition.ts';
import { partitionOf, type Topic } from '../state/topic.ts';

/** `Size` may ask for at most 10 MB (product page 614/35698); more than that is answered with that much. */
const SIZE_MAX = 10 * 1024 ** 2;
/** A `StartOffset` that stands for the oldest message. */
const OLDEST = -1n;
/** A `NextOffset` that says that nothing is left before `EndTime`. */
const NOTHING_LEFT = -1n;

/**
 * PullLogs, `POST /pull_log?topic_id=`: messages of one partition from `StartOffset` on, within `Size` bytes, received
 * before `EndTime`. No documentation of it is public; what is here is what the official Python and Go consumers send and
 * understand. Where they leave something open:
 *
 * - StartOffset -1 is what the Python consumer sends where it has no offset. It stands for the oldest message: with any
 *   other meaning that consumer would lose some.
 * - NextOffset -1 ends a partition for good in the Python consumer, and leaves it where it stood. So it is only said
 *   without messages, once the time is past `EndTime`.
 * - An empty pull without `EndTime` answers with the offset that it asked for.
 * - `Query` is asked of every log. A message of which nothing is left is left out; it counts for the offset, and for `Size`.
 * - Of `StartTime`, which they always send as 0, messages received before it are passed over.
 */
export const pullLogs: DataHandler = (call) => {
  const topic = pathTopic(call);
  const body = parseObject(call.request.body);
  if (!body) throw refuseData.invalidContent('The body is no JSON object.');
  const keeps = filterOf(body);
  const partition = calledPartition(topic, body);
  call.quotas.admitRead(partition, call.nowMs);

  const from = startOf(partition, body);
  const { before, isPast } = endFor(partition, body, call);
  const groups = readMessages(partition, from, { before, bytesMax: sizeOf(body) });
  const messages = groups.flatMap((group) => framesOf(topic, group, keeps));
  return snappyAnswer({
    NextOffset: groups.length === 0 && isPast ? NOTHING_LEFT : from + BigInt(groups.length),
    Message: messages.length === 0 ? null : messages,
  });
};

/** What a filter leaves of a message. */
function framesOf(
  topic: Topic,
  { read, receivedAtSec }: StoredGroup,
  keeps: Predicate | undefined,
): string[] {
  const group = keeps ? filterLogs(read(), keeps) : read();
  if (!group) return [];
  return [frameOf(group, { logsetId: topic.logsetId, topicId: topic.id, receivedAtSec }).toString('base64')];
}

function filterOf({ Query, CompressType }: Fields): Predicate | undefined {
  if (!isAbsent(CompressType) && CompressType !== 'snappy') {
    throw refuseData.invalidParam(
      'The local service compresses with snappy only, as SDKs ask for nothing else.',
    );
  }
  // The Go consumer writes an empty one where it has none.
  if (isAbsent(Query) || Query === '') return undefined;
  if (typeof Query !== 'string') throw refuseData.invalidParam('Query is invalid.');
  return parseQuery(Query);
}

function calledPartition(topic: Topic, { PartitionId }: Fields): Partition {
  if (!Number.isInteger(PartitionId)) throw refuseData.invalidParam('PartitionId is invalid.');
  const partition = partitionOf(topic, Number(PartitionId));
  if (!partition) throw refuseData.partitionNotExist(Number(PartitionId));
  return partition;
}

/** Refuses with InvalidOffset what is neither a message nor the end. */
function startOf(partition: Partition, { StartOffset, StartTime }: Fields): bigint {
  const asked = asInt64(StartOffset);
  if (asked === undefined) throw refuseData.invalidParam('StartOffset is invalid.');
  const offset = asked === OLDEST ? beginOf(partition) : asked;
  if (!holdsPosition(partition, offset)) {
    throw refuseData.invalidOffset(offset, beginOf(partition), endOf(partition));
  }
  const startTime = timeOf('StartTime', StartTime) ?? 0;
  const atTime = startTime === 0 ? offset : positionAtTime(partition, startTime);
  return atTime > offset ? atTime : offset;
}

/** The offset to stop before, and whether no message can come before it any more. */
function endFor(
  partition: Partition,
  { EndTime }: Fields,
  { nowMs }: DataCall,
): { before: bigint; isPast: boolean } {
  const endTime = timeOf('EndTime', EndTime);
  if (endTime === undefined) return { before: endOf(partition), isPast: false };
  return { before: positionAtTime(partition, endTime), isPast: nowMs >= endTime * 1000 };
}

/** Seconds since 1970. */
function timeOf(name: string, value: unknown): number | undefined {
  if (isAbsent(value)) return undefined;
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw refuseData.invalidParam(`${name} is invalid.`);
  return Number(value);
}

function sizeOf({ Size }: Fields): number {
  if (!Number.isInteger(Size) || Number(Size) < 1) throw refuseData.invalidParam('Size is invalid.');
  return Math.min(Number(Size), SIZE_MAX);
}
