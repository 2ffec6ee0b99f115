/** Replays as they are made where the user's function is: by the deployed function, or by a command with a module of its own. */
import { beginReplay } from '../replay/begin.ts';
import type {
  BeginReplay,
  ReplayBegun,
  ReplayRange,
  ReplayTable,
  ReplayTurn,
  ReplayTurned,
} from '../replay/replay.ts';
import { type TurnTools, turnReplay } from '../replay/turn.ts';
import type { TickCache } from '../tick/cache.ts';
import type { TickSettings } from '../tick/context.ts';

export interface ReplayTools extends Omit<TurnTools, 'store' | 'deadLetters' | 'caches' | 'skewMs'> {
  table: ReplayTable;
  skewMs(): number;
}

/** Each for as long as the run has that it is of. */
export interface Replays {
  begin(request: BeginReplay, time: RunTime): Promise<ReplayBegun>;
  turn(request: ReplayTurn, time: RunTime): Promise<ReplayTurned>;
}

interface RunTime {
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/**
 * Of one group. The living group's events, metrics, spans and calls of `start` and `stop` are its own: nobody is told of a replay but who
 * asks for it, and the log.
 */
export function createReplays(tools: ReplayTools, settings: TickSettings & { table: string }): Replays {
  const { table, skewMs, clock, random, source, deliver, functionVersion, endedRuns, lastWords } = tools;
  const { store, letters } = table;
  const now = () => clock.now() + skewMs();
  const loggerOf = ({ id }: ReplayRange) => tools.logger.with({ replay: id });
  /** What this sandbox remembers of the last replay that it had a turn of. */
  let remembered = { id: '', caches: new Map<string, TickCache>() };
  return {
    async begin(request, { deadline, signal }) {
      // In the table's time, of which an answer of it tells.
      if (!request.dryRun) await store.get('GROUP', { signal, consistent: false });
      const begin = { ...table, source, clock, random, logger: loggerOf(request), now };
      return beginReplay(begin, settings, request, { signal, deadline: deadline + skewMs() });
    },
    turn(request, time) {
      const { id } = request;
      if (remembered.id !== id) remembered = { id, caches: new Map() };
      const turn = {
        ...{ store, deadLetters: letters, source, deliver, functionVersion, clock, skewMs, random },
        ...{ caches: remembered.caches, endedRuns, logger: loggerOf(request) },
        ...(lastWords && { lastWords }),
      };
      return turnReplay(turn, settings, request, time);
    },
  };
}
