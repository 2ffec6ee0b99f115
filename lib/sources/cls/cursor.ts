/** Cursors are offsets, in decimal. They have 64 bits, so no number holds them: here they are bigints. */
import { SourceError } from '../../errors.ts';

export function offsetOf(cursor: string): bigint {
  if (/^\d{1,19}$/.test(cursor)) return BigInt(cursor);
  throw new SourceError(`cursor ${JSON.stringify(cursor)}: not an offset`, {
    code: 'InvalidCursor',
    status: 400,
    retriable: false,
  });
}

/** Messages from one cursor to another; undefined if either is no offset. */
export function cursorDistance(from: string, to: string): number | undefined {
  const isOffset = (cursor: string): boolean => /^\d{1,19}$/.test(cursor);
  return isOffset(from) && isOffset(to) ? Number(BigInt(to) - BigInt(from)) : undefined;
}
