import assert from 'node:assert/strict';
import { type Bytes, createBytes } from './bytes.ts';
import type { TickContext } from './context.ts';

/** What several shards have in memory together, as long as they are worked on. */
export interface SharedBytes {
  bytes: Bytes;
  /** None of them is in work any more: tells whether there was too little. */
  end(): void;
}

const SHORT_REMEDY =
  'nothing is lost, but it goes slower and takes more checkpoints: give the function more memory, or raise SHARDBEAT_BYTES_MAX if it has enough';

/** For so many shards, of which only some are in work at a time. */
export function shareBytes({ settings, meter, logger }: TickContext, shards: number): SharedBytes {
  const { bytesMax, shardsParallelMax } = settings;
  let pulls = 0;
  const bytes = createBytes({
    max: bytesMax,
    shards: Math.min(shardsParallelMax, shards),
    onShort: () => pulls++,
  });
  return {
    bytes,
    end() {
      assert(bytes.isFree(), 'whoever leaves a shard keeps nothing of it');
      if (pulls === 0) return;
      meter.add('shortPulls', pulls);
      logger.info('bytes.short', { pulls, bytesMax, remedy: SHORT_REMEDY });
    },
  };
}
