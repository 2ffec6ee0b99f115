/** Replays as they are made where the user's function is: by the deployed function, or by a command with a module of its own. */
import type { ReplayEvent } from '../config/replay.ts';
import { beginReplay } from '../replay/begin.ts';
import type { ReplayBegun, ReplayTable, ReplayTurned } from '../replay/replay.ts';
import { type TurnTools, turnReplay } from '../replay/turn.ts';
import type { TickCache } from '../tick/cache.ts';
import type { TickSettings } from '../tick/context.ts';

export interface ReplayTools extends Omit<TurnTools, 'store' | 'deadLetters' | 'caches' | 'skewMs'> {
  table: ReplayTable;
  skewMs(): number;
}

/** What one event asks for, until the deadline of the run that it is of. */
export type Replays = (
  event: ReplayEvent,
  time: { deadline: number; signal: AbortSignal },
) => Promise<ReplayBegun | ReplayTurned>;

/**
 * Of one group. The living group's events, metrics, spans and calls of `start` and `stop` are its own: nobody is told of a replay but who
 * asks for it, and the log.
 */
export function createReplays(tools: ReplayTools, settings: TickSettings & { table: string }): Replays {
  const { table, skewMs, clock, random, source, deliver, functionVersion, endedRuns, lastWords } = tools;
  const { store, letters } = table;
  const now = () => clock.now() + skewMs();
  /** What this sandbox remembers of the last replay that it had a turn of. */
  let remembered = { id: '', caches: new Map<string, TickCache>() };
  return async (event, { deadline, signal }) => {
    const { id } = 'begin' in event ? event.begin : event.turn;
    const logger = tools.logger.with({ replay: id });
    if ('begin' in event) {
      const options = { signal, deadline: deadline + skewMs() };
      // In the table's time, of which an answer of it tells.
      if (!event.begin.dryRun) await store.get('GROUP', { signal, consistent: false });
      return beginReplay({ ...table, source, clock, random, logger, now }, settings, event.begin, options);
    }
    if (remembered.id !== id) remembered = { id, caches: new Map() };
    const turn = {
      ...{ store, deadLetters: letters, source, deliver, functionVersion, clock, skewMs, random, logger },
      ...{ caches: remembered.caches, endedRuns, ...(lastWords && { lastWords }) },
    };
    return turnReplay(turn, settings, event.turn, { deadline, signal });
  };
}
