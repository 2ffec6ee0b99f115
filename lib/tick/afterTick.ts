import type { Announcer } from '../delivery/announcer.ts';
import type { Logger } from '../observe/logger.ts';
import type { Meter } from '../observe/meter.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Clock } from '../runtime.ts';
import type { Times } from '../times.ts';
import { startBudget } from './budget.ts';
import { type Measured, metricsLines, metricsOf, sent } from './metrics.ts';
import type { TickResult } from './result.ts';
import type { Invocation } from './tick.ts';

export interface Afterwards {
  settings: { group: string; times: Times; metrics: 'group' | 'shard' };
  clock: Clock;
  /** What to add to our clock to have the group's. */
  skewMs(): number;
  logger: Logger;
  meter: Meter;
  announcer: Announcer;
  tracing: Tracing;
  /** Takes what was measured, beside the lines. */
  record?: ((measured: Measured, labels: Record<string, string>) => void) | undefined;
  write(line: string): void;
}

/** Of a tick's reserve, what is kept free for the function's answer. */
const ANSWER_SHARE = 0.1;

/**
 * Runs a tick, and whatever becomes of it, writes what it measured and tells what happened in it. One that throws is measured, too:
 * whoever waits for its metrics is to learn of it.
 */
export async function thenTell(
  { settings, clock, meter, announcer, tracing, write, ...tools }: Afterwards,
  { slot, deadline, signal }: Pick<Invocation, 'slot' | 'deadline' | 'signal'>,
  ticking: () => Promise<TickResult>,
): Promise<TickResult> {
  let result: TickResult | undefined;
  try {
    result = await tracing.span('tick', { group: settings.group, slot }, async (span) => {
      const answer = await ticking();
      span.set({ outcome: answer.outcome, tick: answer.tick });
      return answer;
    });
    return result;
  } finally {
    const { group, times, metrics: by } = settings;
    const skewMs = tools.skewMs();
    const ended = { slot, result, counted: meter.take(), skewMs };
    for (const line of metricsLines(ended, { group, now: clock.now() + skewMs, by })) write(line);
    tools.record?.(sent(metricsOf(ended)), { group });
    const time = startBudget(clock, { deadline, reserveMs: times.reserveMs * ANSWER_SHARE, signal });
    const { work, remainingMs } = time;
    await announcer.announce({ signal: work, remainingMs, logger: tools.logger.with({ slot }) });
    time.end();
  }
}
