import type { Load } from '../group/items.ts';
import type { ShardOutcome, TickContext } from './context.ts';

/** What a tick took, beside the time in which it waited for something to come. */
interface Spent {
  outcomes: ReadonlyMap<string, Pick<ShardOutcome, 'result'>>;
  lingerMs: number;
  /** Within that, what was work. */
  pollMs: number;
}

/**
 * How a tick that ends now went; undefined where nobody asks. A shard that is left by the deadline counts only if it is more than an interval
 * behind: what has come since the tick began is no backlog, and neither is what fails.
 */
export function loadOf(
  { budget, settings, consumer, groupNow }: TickContext,
  { outcomes, lingerMs, pollMs }: Spent,
): Load | undefined {
  const { workMs } = budget;
  const { slotsMin, times } = settings;
  if (slotsMin === undefined || workMs === 0) return undefined;
  // Before that it may have waited for its slot.
  const tookMs = groupNow() - consumer.heartbeatAt - lingerMs + pollMs;
  const busy = Math.round(Math.min(1, Math.max(0, tookMs / workMs)) * 100) / 100;
  const isBehind = ({ result: { stopped, lagMs } }: Pick<ShardOutcome, 'result'>): boolean =>
    stopped === 'deadline' && (lagMs === undefined || lagMs > times.intervalMs);
  return { busy, behind: [...outcomes.values()].filter(isBehind).length };
}
