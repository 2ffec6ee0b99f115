/** Reads the `LogGroupList` of an answer to `PullLogs`. */
import { type CheckedGroup, checkGroup, type LogGroups, recordsOf } from '../logs/logGroups.ts';
import { type Reader, readEnd, readVarint, skipValue } from '../logs/protobuf.ts';
import { GROUP } from '../logs/schema.ts';
import { SLS_SCHEMA } from './logGroup.ts';

export type LogGroupList = LogGroups;

/** Throws `SourceError` (`BadResponse`) if the bytes are not a whole `LogGroupList`. Records are views into `body`. */
export function decodeLogGroupList(body: Uint8Array): LogGroupList {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const reader: Reader = { bytes, at: 0, end: bytes.length };
  const groups: CheckedGroup[] = [];
  while (reader.at < reader.end) {
    const tag = readVarint(reader, reader.end);
    if (tag === GROUP) {
      const end = readEnd(reader, reader.end);
      groups.push(checkGroup(bytes, reader.at, end, SLS_SCHEMA));
      reader.at = end;
    } else skipValue(reader, tag, reader.end);
  }
  return recordsOf(bytes, groups, SLS_SCHEMA);
}
