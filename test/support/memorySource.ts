import type { PullRequest, Source } from '../../lib/sources/source.ts';
import { createMemorySource as createSource, type MemorySource } from '../../lib/testing/memorySource.ts';

/** A stream in memory that is watched, and can fail. */
export interface WatchedSource extends MemorySource {
  pulls: PullRequest[];
  /** Throws from every call until set back. */
  fault: Error | undefined;
}

/** One pull brings at most `recordsMax` records: two, so that a test has several batches of a few records. */
export function createMemorySource(shards: readonly string[], recordsMax = 2): WatchedSource {
  const memory = createSource({ shards, recordsMax });
  const failing =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      if (source.fault !== undefined) throw source.fault;
      return call(...given);
    };
  // Of positions that are passed over, this one does not tell.
  const { distance: _distance, ...silent } = memory as Source & MemorySource;
  const source: WatchedSource = {
    ...silent,
    pulls: [],
    fault: undefined,
    listShards: failing(memory.listShards),
    cursorAt: failing(memory.cursorAt),
    pull: failing(async (request) => {
      request.signal.throwIfAborted();
      source.pulls.push(request);
      return memory.pull(request);
    }),
  };
  return source;
}
