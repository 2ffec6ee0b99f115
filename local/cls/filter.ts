import { Buffer } from 'node:buffer';
import type { Extent, Field } from '../service/protobuf.ts';
import { fieldsOf } from './logGroups.ts';
import type { Predicate } from './query.ts';
import { LOG, LOG_GROUP, PAIR } from './schema.ts';

/** A log group with those logs that are kept; undefined if there are none. */
export function filterLogs(group: Uint8Array, keeps: Predicate): Uint8Array | undefined {
  const fields = fieldsOf(group, { from: 0, to: group.byteLength }, LOG_GROUP);
  const kept = fields.filter((field) => field.number !== 1 || keeps(contentsOf(group, field)));
  if (!kept.some(({ number }) => number === 1)) return undefined;
  return Buffer.concat(kept.map(({ start, to }) => group.subarray(start, to)));
}

/** What a log says, by key; of a key that it has twice, the last. */
function contentsOf(group: Uint8Array, log: Extent): Map<string, string> {
  const contents = fieldsOf(group, log, LOG).filter(({ number }) => number === 2);
  return new Map(
    contents.map((content) => {
      const pair = fieldsOf(group, content, PAIR);
      return [textOf(group, pair, 1), textOf(group, pair, 2)];
    }),
  );
}

function textOf(bytes: Uint8Array, fields: readonly Field[], wanted: number): string {
  const { from, to } = fields.findLast(({ number }) => number === wanted)!;
  return Buffer.from(bytes.subarray(from, to)).toString();
}
