import { NOTHING } from '../../service/answer.ts';
import { type DataHandler, pathTopic } from '../call.ts';
import { decompress } from '../codec.ts';
import { refuseData } from '../errors.ts';
import { messagesOf } from '../logGroups.ts';
import type { Partition } from '../state/partition.ts';
import { hasRoomFor, store } from '../state/state.ts';
import { partitionForKey, type Topic } from '../state/topic.ts';

/**
 * PutLogs, `POST /structuredlog?topic_id=`: the log groups of a list, each of which becomes a message; all of them go to
 * one partition. Which one `x-cls-hashkey` says; without it here they take turns, so that a test knows where a put goes.
 */
export const putLogs: DataHandler = (call) => {
  const { headers, body } = call.request;
  const type = headers['content-type'] ?? '';
  if (type !== 'application/x-protobuf') throw refuseData.invalidContentType(type);
  const topic = pathTopic(call);
  if (body.byteLength === 0) throw refuseData.missingContent();
  const messages = messagesOf(decompress(body, headers['x-cls-compress-type'] ?? ''));
  if (!hasRoomFor(call.state, messages)) {
    throw refuseData.logSizeExceed(
      `The local service keeps at most ${call.state.storedBytesMax} bytes (storedBytesMax).`,
    );
  }
  const partition = keyedPartition(topic, headers['x-cls-hashkey']);
  const into = call.quotas.admitWrite(
    { topic, ...(partition && { partition }) },
    body.byteLength,
    call.nowMs,
  );
  for (const message of messages) store(call.state, topic, into, message, call.nowMs);
  return { status: 200, headers: {}, body: NOTHING };
};

function keyedPartition(topic: Topic, key: string | undefined): Partition | undefined {
  if (key === undefined || key === '') return undefined;
  const partition = partitionForKey(topic, key);
  if (!partition) throw refuseData.invalidParam(`The x-cls-hashkey ${key} is invalid.`);
  return partition;
}
