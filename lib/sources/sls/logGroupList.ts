/** Reads the `LogGroupList` of an answer to `PullLogs`. */
import { type CheckedGroup, checkGroup, type LogGroups, recordsOf } from '../logs/logGroups.ts';
import type { Origin } from '../logs/logRecord.ts';
import { malformed, type Reader, readEnd, readVarint, skipValue } from '../logs/protobuf.ts';
import { GROUP } from '../logs/schema.ts';
import { SLS_SCHEMA } from './logGroup.ts';

export type LogGroupList = LogGroups;

/** Of one answer: ten times what can be asked for. */
export const GROUPS_MAX = 10_000;

/**
 * Throws `SourceError` (`BadResponse`) if the bytes are not a whole `LogGroupList` of at most `groupsMax` groups: two bytes make
 * a group, so that a small answer could hold millions. Records are views into `body`; `origin` gives them ids.
 */
export function decodeLogGroupList(body: Uint8Array, groupsMax = GROUPS_MAX, origin?: Origin): LogGroupList {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const reader: Reader = { bytes, at: 0, end: bytes.length };
  const groups: CheckedGroup[] = [];
  while (reader.at < reader.end) {
    const tag = readVarint(reader, reader.end);
    if (tag === GROUP) {
      if (groups.length >= groupsMax) throw malformed(`more than ${groupsMax} log groups`, reader.at);
      const end = readEnd(reader, reader.end);
      groups.push(checkGroup({ bytes, at: reader.at, end }, SLS_SCHEMA, groups.length));
      reader.at = end;
    } else skipValue(reader, tag, reader.end);
  }
  return recordsOf(bytes, groups, SLS_SCHEMA, origin);
}
