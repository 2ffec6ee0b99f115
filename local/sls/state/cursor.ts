import { Buffer } from 'node:buffer';

/**
 * Cursors on the wire: base64 of a decimal 64-bit integer. Official SDKs rely on it (they subtract 1 for the previous
 * cursor), and on consecutive log groups of a shard having consecutive integers.
 */
export function encodeCursor(position: bigint): string {
  return Buffer.from(position.toString()).toString('base64');
}

/** The position, or undefined if the text is not a cursor at all. Padding may be missing, as in the API's examples. */
export function decodeCursor(cursor: string): bigint | undefined {
  if (!/^[A-Za-z0-9+/]{1,40}={0,2}$/.test(cursor)) return undefined;
  const text = Buffer.from(cursor, 'base64').toString('latin1');
  return /^\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}
