import { beginOf, endOf, holdsPosition, positionAtTime } from '../../service/log.ts';

import { type DataCall, type DataHandler, pathTopic } from '../call.ts';
import { refuseData } from '../errors.ts';
import { isAbsent } from '../fields.ts';
import { frameOf } from '../frame.ts';
import { snappyAnswer } from '../http.ts';
import { asInt64, type Fields, parseObject } from '../json.ts';
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
 * - Of `StartTime`, which they always send as 0, messages received before it are passed over.
 */
export const pullLogs: DataHandler = (call) => {
  const topic = pathTopic(call);
  const body = parseObject(call.request.body);
  if (!body) throw refuseData.invalidContent('The body is no JSON object.');
  checkUnsupported(body);
  const partition = calledPartition(topic, body);
  call.quotas.admitRead(partition, call.nowMs);

  const from = startOf(partition, body);
  const { before, isPast } = endFor(partition, body, call);
  const groups = readMessages(partition, from, { before, bytesMax: sizeOf(body) });
  const isOver = groups.length === 0 && isPast && from >= before;
  const messages = groups.map((group) =>
    frameOf(group.read(), {
      logsetId: topic.logsetId,
      topicId: topic.id,
      receivedAtSec: group.receivedAtSec,
    }).toString('base64'),
  );
  return snappyAnswer({
    NextOffset: isOver ? NOTHING_LEFT : from + BigInt(groups.length),
    Message: messages.length === 0 ? null : messages,
  });
};

function checkUnsupported({ Query, CompressType }: Fields): void {
  if (!isAbsent(Query) && Query !== '') {
    throw refuseData.invalidParam('The local service cannot filter: leave out Query.');
  }
  if (!isAbsent(CompressType) && CompressType !== 'snappy') {
    throw refuseData.invalidParam(
      'The local service compresses with snappy only, as SDKs ask for nothing else.',
    );
  }
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
