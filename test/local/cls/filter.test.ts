import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { filterLogs } from '../../../local/cls/filter.ts';
import { parseQuery } from '../../../local/cls/query.ts';
import { groupOf, LogGroup, logGroupOf, START_SEC } from './support.ts';

const encode = (group: object): Uint8Array => LogGroup.encode(group).finish();
const keeps = (condition: string) => parseQuery(`log_keep(${condition})`);

test('what is kept is as it was, byte for byte', () => {
  const group = Buffer.concat([encode(groupOf(['a', 'b'])), Buffer.from([0x3a, 1, 0x41])]);
  expect(filterLogs(group, () => true)).toEqual(group);
  expect(filterLogs(group, keeps('op_eq(v("message"), "b")'))).toEqual(
    Buffer.concat([encode(groupOf(['b'])), Buffer.from([0x3a, 1, 0x41])]),
  );
  expect(filterLogs(group, () => false)).toBeUndefined();
});

test('of what stands there twice the last one counts, as everywhere in protobuf', () => {
  const log = (...contents: [string, string][]) => ({
    time: START_SEC,
    contents: contents.map(([key, value]) => ({ key, value })),
  });
  const twice = encode({ logs: [log(['level', 'debug'], ['level', 'error'])] });
  expect(filterLogs(twice, keeps('op_eq(v("level"), "error")'))).toBeDefined();
  expect(filterLogs(twice, keeps('op_eq(v("level"), "debug")'))).toBeUndefined();
  // A content with two values.
  const content = Buffer.from('\x0a\x01a\x12\x01x\x12\x01y', 'latin1');
  const values = Buffer.concat([
    Buffer.from([0x0a, 4 + content.length, 0x08, 1, 0x12, content.length]),
    content,
  ]);
  expect(logGroupOf(Buffer.concat([Buffer.alloc(96), values])).logs[0]!.contents![0]!.value).toBe('y');
  expect(filterLogs(values, keeps('op_eq(v("a"), "y")'))).toBeDefined();
});
