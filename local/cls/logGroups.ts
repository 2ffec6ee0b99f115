import { Buffer } from 'node:buffer';
import protobuf from 'protobufjs';
import { type Extent, type Field, fieldReader, varintOf } from '../service/protobuf.ts';
import { refuseData } from './errors.ts';
import { LOG, LOG_GROUP, LOG_GROUP_LIST, PAIR } from './schema.ts';

/**
 * Takes the body of an upload apart: a LogGroupList (proto2, `cls.proto` of the official SDKs) into its groups, each of
 * which becomes a message. A group is kept as it came, but for the times of its logs: they are uploaded in seconds,
 * milliseconds or microseconds, and consumers get microseconds (product page 614/78973).
 */

/** "Uploading Logs", limits: per package, per group, per value, and of all values of a group. */
export const UPLOAD_LIMITS = {
  groups: 10,
  logs: 10_000,
  valueBytes: 1024 ** 2,
  groupValueBytes: 5 * 1024 ** 2,
};

/** Precedes a log in its group. */
const LOGS_TAG = 0x0a;

/** Fields of a message of a type, in order. Refuses with InvalidContent what is none. */
export function fieldsOf(bytes: Uint8Array, extent: Extent, type: protobuf.Type): Field[] {
  const fields: Field[] = [];
  eachField(bytes, extent, type, (field) => fields.push(field));
  return fields;
}

const eachField = fieldReader(() => refuseData.invalidContent('The body is no LogGroupList.'));

/** The messages of an upload. Refuses with MissingContent, InvalidContent, LogSizeExceed. */
export function messagesOf(list: Uint8Array): Uint8Array[] {
  const fields = fieldsOf(list, { from: 0, to: list.byteLength }, LOG_GROUP_LIST);
  const groups = fields.filter(({ number }) => number === 1);
  if (groups.length === 0) throw refuseData.missingContent();
  if (groups.length > UPLOAD_LIMITS.groups) {
    throw refuseData.logSizeExceed(`An upload has at most ${UPLOAD_LIMITS.groups} log groups.`);
  }
  return groups.map((group) => messageOf(list, group));
}

function messageOf(bytes: Uint8Array, group: Extent): Uint8Array {
  const fields = fieldsOf(bytes, group, LOG_GROUP);
  for (const tag of fields.filter(({ number }) => number === 5)) fieldsOf(bytes, tag, PAIR);
  const logs = fields.filter(({ number }) => number === 1);
  if (logs.length === 0) throw refuseData.missingContent();
  if (logs.length > UPLOAD_LIMITS.logs) {
    throw refuseData.logSizeExceed(`A log group has at most ${UPLOAD_LIMITS.logs} logs.`);
  }
  let valueBytes = 0;
  const chunks = fields.map((field) => {
    if (field.number !== 1) return bytes.subarray(field.start, field.to);
    const log = fieldsOf(bytes, field, LOG);
    for (const part of log) if (part.number === 2) valueBytes += checkedValue(bytes, part);
    return logInMicroseconds(bytes, field, log);
  });
  if (valueBytes > UPLOAD_LIMITS.groupValueBytes) {
    throw refuseData.logSizeExceed(
      `The values of a log group have at most ${UPLOAD_LIMITS.groupValueBytes} bytes.`,
    );
  }
  return Buffer.concat(chunks);
}

/** Bytes of the value of a content. */
function checkedValue(bytes: Uint8Array, content: Extent): number {
  const { from, to } = fieldsOf(bytes, content, PAIR).findLast(({ number }) => number === 2)!;
  if (to - from > UPLOAD_LIMITS.valueBytes) {
    throw refuseData.logSizeExceed(`A value has at most ${UPLOAD_LIMITS.valueBytes} bytes.`);
  }
  return to - from;
}

/** The field of a log as it came, if its time is in microseconds, else with the time changed. */
function logInMicroseconds(bytes: Uint8Array, field: Field, log: readonly Field[]): Uint8Array {
  const isTime = ({ number }: Field): boolean => number === 1;
  const hasOtherUnit = (time: number): boolean => microsecondsOf(time) !== time;
  if (!log.some((part) => isTime(part) && hasOtherUnit(varintOf(bytes, part)))) {
    return bytes.subarray(field.start, field.to);
  }
  const changed = log.map((part) =>
    isTime(part)
      ? LOG.encode({ time: microsecondsOf(varintOf(bytes, part)) }).finish()
      : bytes.subarray(part.start, part.to),
  );
  return protobuf.Writer.create().uint32(LOGS_TAG).bytes(Buffer.concat(changed)).finish();
}

/**
 * Times are told apart by their size: up to the year 5138 in seconds, and from 1973 on in the others. What the live
 * service makes of times before that is not documented. Negative ones are very large here, and stay as they are.
 */
export function microsecondsOf(time: number): number {
  if (time < 100_000_000_000) return time * 1_000_000;
  return time < 100_000_000_000_000 ? time * 1000 : time;
}
