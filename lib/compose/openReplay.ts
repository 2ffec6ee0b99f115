/** What an operator does with the past. */
import { signalOf } from '../abort.ts';
import { createMemoryDeadLetters } from '../delivery/deadLetters/memory.ts';
import { userFunctionsOf } from '../delivery/userFunctions.ts';
import type { UserModule } from '../delivery/userModule.ts';
import { SettingsError, WritesError } from '../errors.ts';
import type { CallOptions } from '../group/open.ts';
import { createMemoryStore } from '../group/stores/memory.ts';
import type { Logger } from '../observe/logger.ts';
import { aliveUntil, type Cleared, clearReplay } from '../replay/clear.ts';
import { conductReplay, type ReplayResult, type ReplaySteps } from '../replay/conduct.ts';
import type { ReplayProgress } from '../replay/progress.ts';
import {
  type BeginReplay,
  type ReplayCount,
  type ReplayRefused,
  type ReplayTable,
  replayPartition,
} from '../replay/replay.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Source } from '../sources/source.ts';
import type { TickSettings } from '../tick/context.ts';
import { SKEW_MARGIN_MS_MAX } from '../times.ts';
import { createReplays } from './replays.ts';

/** What the service received from `from` on, before `to`: milliseconds since 1970. */
export interface ReplayRequest {
  from: number;
  to: number;
  /** Of these shards only; of all, unless set. */
  shards?: readonly string[] | undefined;
  /** How many runs there are at a time; one, unless set. */
  parallel?: number | undefined;
}

/** Of a replay. */
export interface ReplayOptions extends CallOptions {
  /** Called once it is known what there is, and whenever it has got on. */
  onProgress?: (progress: ReplayProgress) => void;
}

/** A replay that was left in the table by somebody who was killed, or that somebody makes just now. */
export interface ReplayLeft {
  readonly begunAt: number;
  /** Somebody may be at work in it until then; 0 where that is over. */
  readonly until: number;
}

/** The past of a group, read again beside it. Its checkpoints, epochs and batches do not change. */
export interface ReplayOperations {
  /** What a replay would read. Changes nothing. */
  countReplay(request: ReplayRequest, options?: CallOptions): Promise<ReplayCount>;
  /**
   * Gives a range of the past once more, beside the group, to this module, here and now, or to the deployed `function`; resolves when all
   * of it was read, or nothing succeeds any more. `signal`: ends it early. Nothing of it is left in any case. `until`: another replay of
   * the group is at work.
   */
  replay(
    module: UserModule | 'function',
    request: ReplayRequest,
    options?: ReplayOptions,
  ): Promise<ReplayResult | ReplayRefused>;
  /** Undefined: there is none. */
  replayLeft(options?: CallOptions): Promise<ReplayLeft | undefined>;
  /** Removes what a replay that was killed has left, unless somebody may be at work in it. */
  clearReplay(options?: CallOptions): Promise<Cleared>;
}

export interface ReplayedGroup {
  group: string;
  /** Its name; undefined where nothing else is known than the group's own. */
  tableName?: string | undefined;
  /** Of the function; where they are not known, only the deployed one can replay. */
  settings?: (TickSettings & { table: string; deadLetters: { lettersMax: number } }) | undefined;
  source?: Source | undefined;
  byFunction?: ReplaySteps | undefined;
  table: ReplayTable;
  clock: Clock;
  random: Random;
  logger: Logger;
  skewMs(): number;
}

export function operateOnReplays(opened: ReplayedGroup): ReplayOperations {
  const { table, clock, random, byFunction, skewMs } = opened;
  const now = () => clock.now() + skewMs();
  const asked = ({ from, to, shards, parallel = 1 }: ReplayRequest): BeginReplay => {
    const id = random
      .nonce()
      .replace(/[^a-z0-9]/g, '')
      .slice(0, 12);
    return { id, from, to, slots: parallel, ...(shards !== undefined && { shards }) };
  };
  return {
    async countReplay(request, options) {
      const { signal } = signalOf(options);
      const steps = byFunction ?? stepsHere(opened, memoryTable(opened), undefined, signal);
      return count(opened, steps, asked(request), signal);
    },
    async replay(module, request, options = {}) {
      const { signal } = signalOf(options);
      const begin = asked(request);
      const isHere = module !== 'function';
      // In this process's memory: nothing of it can be left behind, and the table need not be written.
      const own = isHere ? memoryTable(opened) : table;
      const steps = isHere ? stepsHere(opened, own, module, signal) : (byFunction ?? noFunction());
      // Another group's items would be left where nobody looks for them.
      if (!isHere) await count(opened, steps, begin, signal);
      const { onProgress } = options;
      return conductReplay({ ...own, steps, clock, now }, begin, { signal, onProgress });
    },
    async replayLeft(options) {
      const state = await table.store.readAll({ ...signalOf(options), consistent: true });
      const { group, consumers, shards } = state;
      if (group === undefined && consumers.size === 0 && shards.size === 0) return undefined;
      const until = aliveUntil(state);
      return { begunAt: group?.createdAt ?? 0, until: until < now() - SKEW_MARGIN_MS_MAX ? 0 : until };
    },
    async clearReplay(options) {
      // In the table's time, of which an answer of it tells.
      await table.store.get('GROUP', { ...signalOf(options), consistent: false });
      return clearReplay(table, { now: now(), skewMarginMs: SKEW_MARGIN_MS_MAX }, signalOf(options));
    },
  };
}

/** Throws a SettingsError unless it is this group that would be replayed. */
async function count(
  { group, tableName }: ReplayedGroup,
  steps: ReplaySteps,
  begin: BeginReplay,
  signal: AbortSignal,
): Promise<ReplayCount> {
  // Nothing keeps it from counting, not even another replay.
  const counted = (await steps.begin({ ...begin, dryRun: true }, signal)) as ReplayCount;
  if (counted.group === group && counted.table === (tableName ?? counted.table)) return counted;
  const remedy = `it is of the group ${counted.group} in the table ${counted.table}: name that group, or another function`;
  throw new SettingsError('function', `of ${group}, ${tableName}`, remedy);
}

const noFunction = (): never => {
  throw new SettingsError('function', undefined, 'name the deployed function, or give a module');
};

const refuseWrites = () =>
  new WritesError(
    'the module returned writes, and a replay by a module here keeps nothing in a table: name the deployed function',
  );

function memoryTable({ group, clock, settings }: ReplayedGroup): ReplayTable {
  const lettersMax = settings?.deadLetters.lettersMax ?? 0;
  const letters = new Map();
  return {
    store: createMemoryStore(new Map(), replayPartition(group), refuseWrites),
    letters: createMemoryDeadLetters({ letters, lettersMax, now: clock.now }),
    dropLetters: async () => letters.clear(),
  };
}

/** In this process. A run is as long as one of the function may be. */
function stepsHere(
  { settings, source, clock, random, logger }: ReplayedGroup,
  table: ReplayTable,
  module: UserModule | undefined,
  signal: AbortSignal,
): ReplaySteps {
  if (settings === undefined || source === undefined) {
    const remedy = 'give the environment of the function: a replay here asks the log service by its settings';
    throw new SettingsError('environment', undefined, remedy);
  }
  const { deliver } = userFunctionsOf(module ?? { eachBatch: () => {} }, settings.delivery);
  const endedRuns = new Set<string>();
  const tools = { table, source, deliver, clock, random, logger, endedRuns, skewMs: () => 0 };
  const replays = createReplays(tools, settings);
  const time = () => ({ signal, deadline: clock.now() + settings.times.functionTimeoutMs });
  return {
    begin: (begin) => replays.begin(begin, time()),
    turn: (turn) => replays.turn(turn, time()),
  };
}
