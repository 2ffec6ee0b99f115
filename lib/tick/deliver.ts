import { orAborted } from '../abort.ts';
import type { Batch } from '../delivery/userModule.ts';
import { type Holding, recordFailure } from '../group/commit.ts';
import type { Failure } from '../group/items.ts';
import { messageOf } from '../observe/plainError.ts';
import type { Pulled } from '../sources/source.ts';
import type { CachedShard } from './cache.ts';
import type { TickContext } from './context.ts';

/** Hands one batch to the user's function. Undefined: it succeeded, and only then may its checkpoint be written. */
export async function deliver(
  context: TickContext,
  holding: Holding,
  pulled: Pulled,
  at: CachedShard,
): Promise<'deadline' | 'batchFailed' | 'lost' | undefined> {
  const { budget, settings, source } = context;
  const { shard, cursor: from } = holding;
  const to = pulled.nextCursor;
  const id = `${settings.group}/${shard}/${from}-${to}`;
  const logger = context.logger.with({ shard, batch: id });
  const { records, bytes } = pulled;
  const tags = source.tagsOf?.(shard) ?? source.tags;
  const batch: Batch = { id, group: settings.group, shard, from, to, records, bytes, tags };
  try {
    const processing = context.eachBatch(batch, {
      signal: budget.work,
      remainingMs: budget.remainingMs,
      logger,
    });
    // Whatever code that ignores its signal still does, its batch is not committed.
    await orAborted(Promise.resolve(processing), budget.work);
    return undefined;
  } catch (error) {
    const timeUp = budget.work.aborted;
    const failure = failedAgain(at.failure, to, context.groupNow(), error);
    try {
      // First of all: what is not noted comes again with another end, under another id.
      if (!(await recordFailure(context.store, holding, failure, { signal: budget.requests }))) return 'lost';
    } finally {
      logger.error(timeUp ? 'batch.timedOut' : 'batch.failed', { attempts: failure.attempts, error });
    }
    at.failure = failure;
    return timeUp ? 'deadline' : 'batchFailed';
  }
}

/** The shard item is billed by the KiB. */
const FAILURE_CHARACTERS_MAX = 200;

function failedAgain(before: Failure | undefined, to: string, now: number, error: unknown): Failure {
  const message = messageOf(error, FAILURE_CHARACTERS_MAX);
  const { attempts = 0, firstAt = now } = before ?? {};
  return { attempts: attempts + 1, firstAt, lastAt: now, to, message };
}
