/** One sandbox of the function, as `consume` makes it, but with a clock, a source and a table of whoever measures. */
import { createAnnouncer } from '../../lib/delivery/announcer.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { createMeter } from '../../lib/observe/meter.ts';
import { noTracing } from '../../lib/observe/tracing.ts';
import { type Clock, systemRandom } from '../../lib/runtime.ts';
import { thenTell } from '../../lib/tick/afterTick.ts';
import type { TickCache } from '../../lib/tick/cache.ts';
import type { TickSettings, TickTools } from '../../lib/tick/context.ts';
import { ownCoordination } from '../../lib/tick/coordination/own.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import { tick } from '../../lib/tick/tick.ts';

/** Runs a tick of a slot as the function does it, from the event to the line of metrics. */
export type Sandbox = (slot: string) => Promise<TickResult>;

export function createSandbox(
  settings: TickSettings,
  given: Pick<TickTools, 'store' | 'source' | 'deliver' | 'deadLetters'> & { clock: Clock },
): Sandbox {
  const { clock } = given;
  const { group, times } = settings;
  const write = () => {};
  const logger = createLogger({ level: 'info', write, now: clock.now });
  const meter = createMeter(clock);
  const shared = { clock, skewMs: () => 0, logger, meter, tracing: noTracing };
  const announcer = createAnnouncer({ group, now: clock.now, logger });
  const dependencies = {
    ...given,
    ...shared,
    announcer,
    random: systemRandom,
    coordination: ownCoordination,
    caches: new Map<string, TickCache>(),
    endedRuns: new Set<string>(),
  };
  const afterwards = { ...shared, announcer, settings: { group, times, metrics: 'group' as const }, write };
  return (slot) => {
    const deadline = clock.now() + times.functionTimeoutMs;
    // Each invocation has a signal of its own.
    const invocation = { slot, deadline, signal: new AbortController().signal };
    return thenTell(afterwards, invocation, () => tick(dependencies, settings, invocation));
  };
}
