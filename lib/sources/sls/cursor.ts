/**
 * Cursors are opaque but for this: base64 of a decimal 64-bit integer, consecutive for the log groups of a shard. The
 * official SDKs rely on it too: they subtract one for the cursor before.
 */
export function cursorPosition(cursor: string): bigint | undefined {
  const text = Buffer.from(cursor, 'base64').toString('latin1');
  return /^\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}

/** Log groups from one cursor to another; undefined if either is no such integer. */
export function cursorDistance(from: string, to: string): number | undefined {
  const start = cursorPosition(from);
  const end = cursorPosition(to);
  return start === undefined || end === undefined ? undefined : Number(end - start);
}
