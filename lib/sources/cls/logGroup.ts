/**
 * What log groups of CLS look like. Schema: `cls.proto` of the official SDKs; the Go SDK's
 * has `hostname` besides.
 */
import { DELIMITED, type Reader, readVarint, skipValue, tagOf, VARINT } from '../logs/protobuf.ts';
import type { GroupSchema } from '../logs/schema.ts';

const TIME = tagOf(1, VARINT);
const FILENAME = tagOf(3, DELIMITED);
const HOSTNAME = tagOf(6, DELIMITED);

/** Names of the labels: those under which CLS shows these fields. They are reserved. */
export const CLS_SCHEMA = {
  topic: undefined,
  source: tagOf(4, DELIMITED),
  tag: tagOf(5, DELIMITED),
  labels: [
    { field: FILENAME, name: '__FILENAME__' },
    { field: HOSTNAME, name: '__HOSTNAME__' },
  ],
  timeMsOf,
} satisfies GroupSchema;

function timeMsOf(log: Reader): number {
  let time = 0;
  while (log.at < log.end) {
    const tag = readVarint(log, log.end);
    if (tag === TIME) time = readVarint(log, log.end);
    else skipValue(log, tag, log.end);
  }
  // Negative: of no use to anybody, as if it were missing.
  return time < 2 ** 63 ? millisecondsOf(time) : 0;
}

/**
 * Consumers are given microseconds; producers may write seconds or milliseconds too, and whether the service converts them is
 * not documented. So units are told apart by size: that is exact from 1973 to the year 5138.
 */
export function millisecondsOf(time: number): number {
  if (time < 1e11) return time * 1000;
  if (time < 1e14) return time;
  return time / (time < 1e17 ? 1e3 : 1e6);
}
