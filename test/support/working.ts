import type { Batch, BatchContext, BatchOutcome } from '../../lib/delivery/userModule.ts';
import { shardKey } from '../../lib/group/items.ts';
import type { Pending } from '../../lib/group/pending.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import type { PullRequest } from '../../lib/sources/source.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { createManualClock } from './clock.ts';
import { DELIVERY } from './delivery.ts';
import { createMemorySource } from './memorySource.ts';
import { createGroup, INTERVAL_MS, type World } from './world.ts';

export interface Given {
  id: string;
  contents: string[];
}

/** What a test's function does with what it is given: returns, throws, or hangs. */
export type Takes = (contents: string[], context: BatchContext, batch: Batch) => BatchOutcome;

const read = { consistent: true, signal: new AbortController().signal };

/** A slot that has its shards, and what its function was given since. A call takes 10 ms at least. */
export async function working(
  takes: Takes = () => {},
  {
    shards = ['0'],
    recordsMax = 1_000,
    table,
    ...delivery
  }: { shards?: string[]; recordsMax?: number; table?: GroupStore } & Partial<TickSettings['delivery']> = {},
) {
  const source = createMemorySource(shards, recordsMax);
  const settings = { delivery: { ...DELIVERY, ...delivery } };
  const world = createGroup({ clock: createManualClock(), source, ...(table && { table }) }, settings);
  for (let round = 0; round < 4; round++) await world.round('a');
  const given: Given[] = [];
  world.eachBatch = async (batch, context) => {
    world.clock.advance(10);
    const contents = [...batch.records].map((record) => record.get('content') ?? '');
    given.push({ id: batch.id, contents });
    return takes(contents, context, batch);
  };
  return { world, given };
}

/** Throws for what begins with `bad`. */
export function refuses(contents: readonly string[]): void {
  if (contents.some((content) => content.startsWith('bad'))) throw new Error('cannot take it');
}

export const numbered = (count: number, bad: readonly number[] = [], word = 'bad'): string[] =>
  Array.from({ length: count }, (_, index) => `${bad.includes(index) ? word : 'good'} ${index}`);

export const goodOf = (contents: readonly string[]): string[] =>
  contents.filter((content) => content.startsWith('good'));

/** Ticks of slot `a`, an interval apart; each in a sandbox of its own, if they are to be cold. */
export async function rounds(
  world: World,
  count: number,
  { cold = false, first = 0 }: { cold?: boolean; first?: number } = {},
) {
  const results = [];
  for (let round = first; round < first + count; round++) {
    results.push(await world.tick('a', cold ? `sandbox ${round}` : 'a'));
    world.clock.advance(INTERVAL_MS);
  }
  return results;
}

export const itemOf = async ({ store }: World, shard = '0') => (await store.get(shardKey(shard), read))!;

export const pendingOf = async (world: World, shard = '0'): Promise<Pending | undefined> =>
  (await itemOf(world, shard)).pending;

/** Sets what the item notes, as some tick before may have. */
export async function note(world: World, pending: Pending, shard = '0'): Promise<void> {
  const write = { set: { pending, step: 1 }, condition: { exists: 'cursor' } } as const;
  await world.store.update(shardKey(shard), write, read);
}

export const lettersOf = ({ deadLetters }: World): string[] =>
  deadLetters.map(({ pairs }) => Buffer.from(pairs[0]![1]).toString());

/** Time passes in the user's function, half a second at a time, until the time of the tick is over. */
export async function spend(world: World, { signal }: BatchContext, ms: number): Promise<void> {
  for (let spent = 0; spent < ms; spent += 500) {
    world.clock.advance(Math.min(500, ms - spent));
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }
}

/** From now on so many pulls at this cursor bring nothing, as if nothing were there. */
export function bringNothing(world: World, at: string, times: number): void {
  const { pull } = world.source;
  let left = times;
  world.source.pull = async (request: PullRequest) => {
    if (request.cursor !== at || left-- <= 0) return pull(request);
    const nothing = { records: [], count: 0, bytes: 0, nextCursor: at, lagMs: 0 };
    return { ...nothing, caughtUp: true, endOfShard: false };
  };
}

/** The records of each shard that were processed, in order. */
export const deliveredOf = ({ delivered }: World, shard = '0'): string[] =>
  delivered.filter((each) => each.startsWith(`${shard}:`)).map((each) => each.slice(shard.length + 1));
