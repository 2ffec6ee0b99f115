/** What log groups of SLS look like. Schema: `log_logs.proto` of the official SDKs, equal in all of them. */
import { DELIMITED, FIXED32, type Reader, readVarint, skipValue, tagOf, VARINT } from '../logs/protobuf.ts';
import type { GroupSchema } from '../logs/schema.ts';

const TIME = tagOf(1, VARINT);
const TIME_NS = tagOf(4, FIXED32);

export const SLS_SCHEMA = {
  topic: tagOf(3, DELIMITED),
  source: tagOf(4, DELIMITED),
  tag: tagOf(6, DELIMITED),
  labels: [],
  timeMsOf,
} satisfies GroupSchema;

function timeMsOf(log: Reader): number {
  let timeS = 0;
  let timeNs = 0;
  while (log.at < log.end) {
    const tag = readVarint(log, log.end);
    if (tag === TIME) timeS = readVarint(log, log.end) % 2 ** 32;
    else {
      if (tag === TIME_NS) timeNs = log.bytes.readUInt32LE(log.at);
      skipValue(log, tag, log.end);
    }
  }
  return timeS * 1000 + timeNs / 1e6;
}
