import { Buffer } from 'node:buffer';
import { type Field, fieldsOf, LOG, LOG_GROUP, PAIR } from './protobuf.ts';
import type { Predicate } from './query.ts';

/** A log group with those logs that are kept; undefined if there are none. */
export function filterLogs(group: Uint8Array, keeps: Predicate): Uint8Array | undefined {
  const fields = fieldsOf(group, LOG_GROUP);
  const kept = fields.filter(({ number, content }) => number !== 1 || keeps(contentsOf(content)));
  if (!kept.some(({ number }) => number === 1)) return undefined;
  return kept.length === fields.length ? group : Buffer.concat(kept.map(({ whole }) => whole));
}

/** What a log says, by key; of a key that it has twice, the last. */
function contentsOf(log: Uint8Array): Map<string, string> {
  const contents = fieldsOf(log, LOG).filter(({ number }) => number === 2);
  return new Map(
    contents.map(({ content }) => {
      const pair = fieldsOf(content, PAIR);
      return [textOf(pair, 1), textOf(pair, 2)];
    }),
  );
}

function textOf(fields: readonly Field[], wanted: number): string {
  return Buffer.from(fields.findLast(({ number }) => number === wanted)!.content).toString();
}
