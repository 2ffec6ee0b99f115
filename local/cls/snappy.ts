import { Buffer } from 'node:buffer';

/** A raw snappy block of nothing but literals. Format: github.com/google/snappy, format_description.txt. */
export function snappyCompress(raw: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [Uint8Array.from(varint(raw.byteLength))];
  for (let at = 0; at < raw.byteLength; at += 65_536) {
    const literal = raw.subarray(at, at + 65_536);
    const head = Buffer.alloc(3);
    head[0] = 61 << 2;
    head.writeUInt16LE(literal.byteLength - 1, 1);
    chunks.push(head, literal);
  }
  return Buffer.concat(chunks);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return bytes;
}
