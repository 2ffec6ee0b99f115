/** Answers and errors of a pull that are the same for every service. */
import { SourceError } from '../errors.ts';
import type { Pulled } from './source.ts';

/** Of a pull from the end that was asked for. */
export const nothingMore = (cursor: string): Pulled => ({
  records: [],
  count: 0,
  bytes: 0,
  nextCursor: cursor,
  caughtUp: true,
  endOfShard: true,
  lagMs: 0,
});

/** What stood at the cursor is past the retention, by what the service said of it and where it begins now. */
export function cursorExpired(shard: string, cursor: string, said: SourceError): SourceError {
  const { status, requestId, message } = said;
  const text = `shard ${shard}: what stood at cursor ${cursor} is past the retention: ${message}`;
  return new SourceError(text, { code: 'CursorExpired', status, retriable: false, cause: said, requestId });
}
