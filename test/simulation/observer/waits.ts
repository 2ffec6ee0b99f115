import { type ShardItem, shardKey } from '../../../lib/group/items.ts';
import type { TickResult } from '../../../lib/tick/result.ts';
import type { Actor } from '../host.ts';
import { type Delivery, explainsRepeat, isDisturbed, placeIn, type Watch } from './watch.ts';

/** How long what has failed waits, and that it is told aloud. */

const LONGEST_WAIT_INTERVALS = 8;
/** Waits are random: half of it at least. */
const LEAST_SHARE = 1 / 2;

/** A record alone waits twice as long each time; one that has failed as often as is allowed, as long as ever. */
export function watchWait(
  watch: Watch,
  actor: Actor,
  shard: string,
  { before, after }: { before: ShardItem; after: ShardItem },
): void {
  const { notBefore, lastAt = 0, attempts = 0, block, size, deadly } = after.pending ?? {};
  if (notBefore === undefined || notBefore === before.pending?.notBefore) return;
  const { intervalMs } = watch.world.settings.times;
  // What a run has died of costs ticks by itself.
  const grown = size === 1 && !deadly ? Math.min(2 ** (attempts - 2), LONGEST_WAIT_INTERVALS) : 1 / 2;
  const intervals = block === undefined ? grown : LONGEST_WAIT_INTERVALS;
  const waitMs = notBefore - lastAt;
  if (waitMs >= Math.floor(intervals * intervalMs * LEAST_SHARE)) return;
  const often = block === undefined ? `${attempts} attempts` : 'as many attempts as are allowed';
  watch.fail('too short a wait', `${actor.name} lets shard ${shard} wait ${waitMs} ms after ${often}`);
}

/** Where nothing else succeeds, each of a block is tried once, and then waits; unless the round goes on in another tick. */
export function watchRound(watch: Watch, { actor, shard, id, positions, begunAt }: Delivery): void {
  const item = watch.world.table.item(shardKey(shard));
  const { block, tried } = item?.pending ?? {};
  if (item === undefined || block === undefined || tried !== undefined) return;
  if (positions[0]! >= placeIn(item) + block) return;
  const last = watch.history(shard).tries[positions[0]!]?.at(-1);
  if (last === undefined || (last.how !== 'failed' && last.how !== 'named')) return;
  if (explainsRepeat(watch, last) || watch.facts(last.actor).refused.has(shard)) return;
  const { intervalMs, skewMarginMs } = watch.world.settings.times;
  const waitedMs = begunAt - last.endedAt!;
  if (waitedMs >= LONGEST_WAIT_INTERVALS * intervalMs * LEAST_SHARE - skewMarginMs) return;
  watch.fail(
    'too short a wait',
    `${actor.name} is given ${id} again after ${waitedMs} ms, and nothing had succeeded`,
  );
}

const LOUD: ReadonlySet<string> = new Set(['delivery.outage', 'shard.blocked']);
const STUCK: ReadonlySet<string> = new Set(['backingOff', 'blocked', 'batchFailed']);

export function hear(watch: Watch, actor: Actor, event: string, shard: unknown): void {
  if (LOUD.has(event)) watch.facts(actor).told.add(String(shard));
}

/** Each tick says that a shard does not get on. */
export function watchTold(watch: Watch, actor: Actor, { shards }: TickResult): void {
  for (const { shard, stopped } of shards) {
    const { block, condemned } = watch.world.table.item(shardKey(shard))?.pending ?? {};
    const isStuck = condemned === undefined ? block !== undefined : stopped === 'blocked';
    if (!STUCK.has(stopped) || !isStuck || watch.facts(actor).told.has(shard)) continue;
    if (isDisturbed(watch, shard, actor.startedAt)) continue;
    watch.fail('not told', `${actor.name} leaves shard ${shard} ${stopped}, and says nothing`);
  }
}
