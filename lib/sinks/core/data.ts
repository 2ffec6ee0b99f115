/** What streams of bytes are given: bytes and texts as they are, anything else as JSON. */
import { jsonOf } from './entry.ts';

export function dataOf(value: unknown, ending = ''): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(typeof value === 'string' ? value : `${jsonOf(value)}${ending}`);
}
