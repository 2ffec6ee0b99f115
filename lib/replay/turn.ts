import { consumerKey, type ShardItem } from '../group/items.ts';
import { giveBack } from '../group/lease.ts';
import { planSoon } from '../group/operations.ts';
import type { GroupStore, RequestOptions } from '../group/store.ts';
import type { Source } from '../sources/source.ts';
import { startBudget } from '../tick/budget.ts';
import type { TickSettings } from '../tick/context.ts';
import { ownCoordination } from '../tick/coordination/own.ts';
import type { ShardResult } from '../tick/result.ts';
import { type Invocation, type TickDependencies, tick } from '../tick/tick.ts';
import type { ReplayStanding, ReplayTurn, ReplayTurned } from './replay.ts';
import { replaySettings } from './settings.ts';

/** Of a tick, but for what only the living group has: who is told, and what is measured. */
export type TurnTools = Omit<
  TickDependencies,
  'coordination' | 'announcer' | 'lifecycle' | 'meter' | 'tracing' | 'retention'
>;

/**
 * One tick of a slot of the replay, as far as the replay is there, and where all shards stand then. The slot is free again when this
 * resolves: its next turn need wait for no deadline.
 */
export async function turnReplay(
  tools: TurnTools,
  settings: TickSettings,
  request: ReplayTurn,
  { deadline, signal }: Omit<Invocation, 'slot'>,
): Promise<ReplayTurned> {
  const { clock, source } = tools;
  const { slot } = request;
  const own = replaySettings(settings, request);
  const { reserveMs } = own.times;
  const time = startBudget(clock, { deadline, reserveMs: reserveMs / 2, signal });
  const options = { signal: time.requests };
  try {
    const store = ofWhatIsThere(tools.store);
    const before = await store.get(consumerKey(slot), { ...options, consistent: true });
    if (before === undefined) return turned('gone', [], []);
    const nonce = tools.random.nonce();
    const random = { next: () => tools.random.next(), nonce: () => nonce };
    const dependencies = { ...tools, store, random, coordination: ownCoordination };
    // What comes after it has to come to its end, too.
    const invocation = { slot, deadline: deadline - reserveMs, signal: time.work };
    const result = await tick(dependencies, own, invocation);
    if (result.shards.some(({ stopped, cursor }) => stopped === 'done' && cursor !== undefined)) {
      // Others may begin, and nobody waits for an interval.
      await planSoon(store, options);
      tools.caches.delete(slot);
    }
    await release(tools.store, { slot, nonce, skewMarginMs: own.times.skewMarginMs }, options);
    const shards = await standings(tools.store, source, { ...request, worked: result.shards }, options);
    return turned(result.outcome, result.shards, shards);
  } finally {
    time.end();
  }
}

/**
 * Nobody makes a replay anew by a turn of it: a late one would leave behind what nobody removes. Its slots are there from its beginning to
 * its end.
 */
function ofWhatIsThere(store: GroupStore): GroupStore {
  return {
    ...store,
    update: (key, write, options) => {
      if (key === 'GROUP' && 'absent' in write.condition) return Promise.resolve({ accepted: false });
      if (!key.startsWith('CONSUMER#')) return store.update(key, write, options);
      const condition = { all: [{ exists: 'tick' as never }, write.condition] };
      return store.update(key, { ...write, condition }, options);
    },
  };
}

/** Whatever the tick has left behind: whoever conducts the replay waits for nothing but its answer. */
async function release(
  store: GroupStore,
  { slot, nonce, skewMarginMs }: { slot: string; nonce: string; skewMarginMs: number },
  options: RequestOptions,
): Promise<void> {
  const consumer = await store.get(consumerKey(slot), { ...options, consistent: true });
  if (consumer?.invocation === nonce) await giveBack(store, { slot, consumer }, { skewMarginMs }, options);
}

async function standings(
  store: GroupStore,
  source: Source,
  { ends, to, worked }: ReplayTurn & { worked: readonly ShardResult[] },
  options: RequestOptions,
): Promise<ReplayStanding[]> {
  const { shards } = await store.readAll({ ...options, consistent: true });
  const results = new Map(worked.map((result) => [result.shard, result]));
  // One may have been found later than the others.
  const endOf = (shard: string) =>
    ends[shard] ?? source.cursorAt(shard, { at: 'time', unixMs: to }, options.signal);
  const sorted = [...shards].sort(([a], [b]) => (a < b ? -1 : 1));
  return Promise.all(
    sorted.map(async ([shard, item]) => {
      const standing = standingOf(source, shard, item, await endOf(shard), results.get(shard));
      const isOurs = results.has(shard) && standing.state === 'open' && standing.left !== 0;
      const asked = isOurs ? source.receivedAt?.(shard, item.cursor, options.signal) : undefined;
      const at = await asked?.catch(() => undefined);
      return { ...standing, ...(at !== undefined && { at }) };
    }),
  );
}

function standingOf(
  source: Source,
  shard: string,
  { state, givenUpAt, cursor, pending, parents }: ShardItem,
  end: string,
  result: ShardResult | undefined,
): ReplayStanding {
  const isDone = state === 'done';
  const left = isDone || cursor === end ? 0 : source.distance?.(cursor, end);
  const isBlocked = result?.stopped === 'blocked';
  const { attempts = 0, message = '', notBefore, block: stuck } = pending ?? {};
  const isFailing = !isDone && (attempts > 0 || stuck !== undefined || isBlocked);
  const failing = {
    ...{ attempts, message, notBefore },
    ...(stuck !== undefined && { stuck }),
    ...(isBlocked && { blocked: true as const }),
  };
  return {
    shard,
    state: isDone ? 'done' : givenUpAt === undefined ? 'open' : 'gone',
    parents,
    left: left === undefined ? undefined : Math.max(0, left),
    ...(isFailing && { failing }),
  };
}

function turned(
  outcome: ReplayTurned['outcome'],
  worked: readonly ShardResult[],
  shards: readonly ReplayStanding[],
): ReplayTurned {
  const sum = (count: (result: ShardResult) => number): number =>
    worked.reduce((total, result) => total + count(result), 0);
  return {
    outcome,
    batches: sum(({ batches }) => batches),
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
    expired: sum(({ expired }) => expired?.positions ?? 0),
    errors: worked.flatMap(({ shard, error }) => (error === undefined ? [] : [`shard ${shard}: ${error}`])),
    shards,
  };
}
