import type { Logger } from '../observe/logger.ts';
import type { Clock } from '../runtime.ts';
import { type Source, streamOf } from '../sources/source.ts';

/** How long a service keeps the records of a shard, as far as a sandbox has been told. */
export interface Retention {
  /** Asks where that is not known, or has not been asked for long. Holds nobody up. */
  ask(shards: readonly string[], signal: AbortSignal): void;
  /** As last answered; undefined where the service does not tell. */
  of(shard: string): number | undefined;
}

/** Retentions are changed by hand. */
const ASKED_MS = 3_600_000;
const REMEDY =
  'the metric retentionLeftMs is missing: allow the access key to describe the stream, or leave it at that';

interface Answer {
  askedAt: number;
  retentionMs: number | undefined;
}

/** One for each sandbox. Shards of one stream are asked about together. */
export function createRetention(
  source: Source,
  { clock, logger }: { clock: Clock; logger: Logger },
): Retention {
  const answers = new Map<string, Answer>();

  const ask = async (shard: string, answer: Answer, signal: AbortSignal): Promise<void> => {
    try {
      answer.retentionMs = await source.retentionMs?.(shard, signal);
    } catch (error) {
      // The tick was over: the next one asks.
      if (signal.aborted) answer.askedAt = Number.NEGATIVE_INFINITY;
      else logger.warn('retention.unknown', { shard, error, remedy: REMEDY });
    }
  };
  return {
    ask(shards, signal) {
      if (source.retentionMs === undefined) return;
      const now = clock.now();
      for (const shard of shards) {
        const stream = streamOf(source, shard);
        const known = answers.get(stream);
        if (known !== undefined && Math.abs(now - known.askedAt) < ASKED_MS) continue;
        const answer = { askedAt: now, retentionMs: known?.retentionMs };
        answers.set(stream, answer);
        void ask(shard, answer, signal);
      }
    },
    of: (shard) => answers.get(streamOf(source, shard))?.retentionMs,
  };
}
