/**
 * What the protobuf schemas of log groups have in common, and what tells them apart. A group is a row of logs, with texts
 * and tags for all of them; a log has a time, and pairs of key and value.
 */
import { DELIMITED, type Reader, tagOf } from './protobuf.ts';

/** In a list of groups; of a log in its group; of a content in its log: the same in all schemas. */
export const GROUP = tagOf(1, DELIMITED);
export const LOG = tagOf(1, DELIMITED);
export const CONTENT = tagOf(2, DELIMITED);
/** Of a content and of a tag of a group. */
export const PAIR = { key: tagOf(1, DELIMITED), value: tagOf(2, DELIMITED) };

/** Where key and value of a pair stand. */
export interface Pair {
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
}

/** The rest of a schema: fields of a group, by the number that precedes them. */
export interface GroupSchema {
  /** Undefined where the groups of an answer do not name it. */
  topic: number | undefined;
  source: number;
  /** A pair; any number of them. */
  tag: number;
  /** Texts shown among the tags, under a reserved name. */
  labels: readonly { field: number; name: string }[];
  /** Reads the time of the log that a reader stands at the start of: milliseconds since 1970. */
  timeMsOf(log: Reader): number;
}
