import { expect, it } from 'vitest';
import { giveBack } from '../lib/memory.ts';

it.each([
  ['all of a buffer, however small', () => new Uint8Array(10)],
  [
    'most of one, as Node makes it for an output whose size it does not know',
    () => new Uint8Array(200_001).subarray(0, 200_000),
  ],
])('gives back %s', (_what, make) => {
  const bytes = make();
  giveBack(bytes);
  expect(bytes.buffer.byteLength).toBe(0);
  expect(() => giveBack(bytes)).not.toThrow();
});

it.each([
  ['a buffer of Node’s pool', () => Buffer.from('from the pool')],
  ['the largest one of it', () => Buffer.allocUnsafe(Buffer.poolSize / 2 - 1)],
  ['memory that is shared between threads', () => new Uint8Array(new SharedArrayBuffer(200_000))],
])('leaves %s alone', (_what, make) => {
  const bytes = make();
  const { length } = bytes;
  giveBack(bytes);
  expect(bytes.length).toBe(length);
});
