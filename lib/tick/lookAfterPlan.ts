import type { GroupItem } from '../group/items.ts';
import { plan, planIsDue, type Stream } from '../group/plan.ts';
import { keepAssigned } from '../group/provider.ts';
import { agreement, type GroupSettings } from '../group/settings.ts';
import type { ProviderGroup } from '../sources/providerGroup.ts';
import type { Source } from '../sources/source.ts';
import type { TickRun } from './run.ts';

export interface Looked {
  outcome: 'worked' | 'paused' | 'disagrees';
  planned: boolean;
  planDueAt: number;
}

interface Known {
  /** From the cache: until then the group item need not be read. */
  knownDueAt?: number | undefined;
  /** Read in this tick. */
  group?: GroupItem | undefined;
  /** There is something to distribute before the plan is due. */
  early: boolean;
}

/** Reads the group item when the plan may be due, and plans if it is this tick's turn. */
export async function lookAfterPlan(run: TickRun, known: Known): Promise<Looked> {
  const { store, settings, budget, logger } = run;
  const { times } = settings;
  const now = run.groupNow();
  const { knownDueAt, early } = known;
  if (knownDueAt !== undefined && knownDueAt > now && !early) {
    return { outcome: 'worked', planned: false, planDueAt: knownDueAt };
  }
  const options = { signal: budget.requests };
  // A warm tick reads on the cheap: the lock's condition guards a plan, and a pause makes the slot's cache cold.
  const consistent = knownDueAt === undefined;
  const group = known.group ?? (await store.get('GROUP', { ...options, consistent }));
  if (group === undefined || !agreement(group, groupSettings(run)).agreed) {
    logger.warn('group.changed', { deleted: group === undefined });
    return { outcome: 'disagrees', planned: false, planDueAt: 0 };
  }
  const outcome = group.paused ? 'paused' : 'worked';
  // A time in the cache is leave to work until then. Not for a paused slot; nor by an item read before the heartbeat: a
  // pause in between has made a cache cold that was not there yet.
  const looksAgain = group.paused || known.group !== undefined;
  const looked: Looked = { outcome, planned: false, planDueAt: looksAgain ? 0 : group.planDueAt };
  if (!planIsDue(group, now, times, early)) return looked;
  try {
    const { order, start, endAt } = settings;
    const { busyUntil: deadline, invocation: planner } = run.consumer;
    const how =
      run.provider === undefined
        ? { stream: run.source, strategy: settings.strategy, assigns: true }
        : { stream: startingAtCheckpoints(run.source, run.provider), strategy: keepAssigned, assigns: false };
    const planning = { store, now, planner, deadline, times, order, start, endAt, logger, ...how };
    const planDueAt = await plan(planning, group, options);
    if (planDueAt === undefined) return looked;
    return { ...looked, planned: true, planDueAt: looksAgain ? 0 : planDueAt };
  } catch (error) {
    // The shards we hold need no plan. The lock ends with this run; whoever ticks next tries again.
    logger.error('plan.failed', { error });
    return looked;
  }
}

/** A group that official consumers have read so far is taken over where they are. */
function startingAtCheckpoints(source: Source, provider: ProviderGroup): Stream {
  let checkpoints: Promise<Map<string, string>> | undefined;
  return {
    listShards: (signal) => source.listShards(signal),
    async cursorAt(shard, position, signal) {
      checkpoints ??= provider.checkpoints(signal);
      return (await checkpoints).get(shard) ?? source.cursorAt(shard, position, signal);
    },
  };
}

/** What this deployment wants of its group. */
export function groupSettings({ settings, provider }: Pick<TickRun, 'settings' | 'provider'>): {
  settings: GroupSettings;
  settingsVersion: number;
} {
  const { times, stream, order, start, endAt, settingsVersion } = settings;
  return {
    settings: {
      stream,
      coordination: provider === undefined ? 'dynamodb' : 'provider',
      intervalMs: times.intervalMs,
      sessionTimeoutMs: times.sessionTimeoutMs,
      order,
      start: String(start.at === 'time' ? start.unixMs : start.at),
      end: String(endAt ?? 'never'),
    },
    settingsVersion,
  };
}
