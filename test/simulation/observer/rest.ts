import type { ConsumerItem } from '../../../lib/group/items.ts';
import { positionOf, type StreamShard } from '../stream.ts';
import { shown } from '../trace.ts';
import type { World } from '../world.ts';
import { isBehindStuck, mayStayStuck } from './stuck.ts';

/**
 * What is not yet as it should be, once nothing goes wrong any more. Empty: every shard is owned and read up, the
 * slots have equal shares, and the table holds nothing that is not needed.
 */
export function unrest(world: World): string[] {
  return [...unrestOfSlots(world), ...unrestOfShards(world)];
}

/** Behind the last record that the group is to process. */
export function wantedEnd({ settings, stream }: World, shard: StreamShard): number {
  const { endAt } = settings;
  return endAt === undefined
    ? shard.receivedAt.length
    : stream.position(shard, { at: 'time', unixMs: endAt });
}

function unrestOfSlots(world: World): string[] {
  const { table, workload, scheduler } = world;
  const { group, consumers } = table.state();
  const reasons: string[] = [];
  if (group === undefined) return ['there is no group'];
  if (group.planUntil > scheduler.now()) reasons.push('the plan lock is held');
  const wanted = new Set(workload.slots());
  for (const [slot, consumer] of consumers) {
    if (!wanted.has(slot)) reasons.push(`slot ${slot} has no schedule, but an item`);
    else if (!(consumer.expiresAt > scheduler.now())) reasons.push(`slot ${slot} has expired`);
  }
  for (const slot of wanted) if (!consumers.has(slot)) reasons.push(`slot ${slot} has no item`);
  const countOf = ({ assigned = {} }: ConsumerItem): number => Object.keys(assigned).length;
  const staying = [...consumers.values()].filter(({ draining }) => draining !== true);
  const counts = staying.map(countOf);
  for (const [slot, consumer] of consumers) {
    if (consumer.draining && countOf(consumer) > 0) reasons.push(`slot ${slot} is drained, but holds shards`);
  }
  // A slot that fails in most of what it owns is given no more.
  const isAnyStuck = [...table.state().shards.keys()].some((shard) => mayStayStuck(world, shard));
  if (Math.max(...counts) - Math.min(...counts) > 1 && !isAnyStuck)
    reasons.push(`shares are uneven: ${counts}`);
  return reasons;
}

function unrestOfShards(world: World): string[] {
  const { table, stream } = world;
  const { consumers, shards } = table.state();
  const { endAt = Number.POSITIVE_INFINITY, times } = world.settings;
  const endIsPast = world.scheduler.now() > endAt + times.skewMarginMs;
  const reasons: string[] = [];
  for (const [id, { givenUpAt }] of shards) {
    const isGone = stream.shards.get(id)?.removedAt !== undefined;
    if (isGone && givenUpAt === undefined) reasons.push(`shard ${id} is gone, its item is not`);
  }
  for (const shard of stream.listed()) {
    const item = shards.get(shard.id);
    const say = (what: string): number => reasons.push(`shard ${shard.id} ${what}`);
    if (item === undefined) {
      say('has no item');
      continue;
    }
    if (item.givenUpAt !== undefined) say('is listed, but given up');
    const holders = [...consumers].filter(([, consumer]) => consumer.assigned?.[shard.id] !== undefined);
    // More shards than the slots' items hold: nobody reads it until there are more slots.
    if (holders.length === 0 && item.state !== 'done' && isFull(world)) continue;
    if (mayStayStuck(world, shard.id) || isBehindStuck(world, shard.id)) continue;
    if (item.pending !== undefined) say(`is not finished with ${shown(item.pending, world.startsAt)}`);
    const end = wantedEnd(world, shard);
    const at = Math.max(positionOf(item.cursor), shard.trimmedUntil);
    if (at < end && !world.observer.endedEarly(shard.id)) say(`lags: ${item.cursor} of ${end}`);
    if (shard.closedAt !== undefined || endIsPast) {
      if (item.state !== 'done') say(`is over, but ${item.state}`);
      if (holders.length > 0) say(`is done, but assigned to ${holders.map(([slot]) => slot)}`);
    } else if (holders.length !== 1) say(`is assigned to ${holders.length} slots`);
    else if (item.owner !== holders[0]![0])
      say(`is assigned to ${holders[0]![0]}, but owned by ${item.owner}`);
    else if (item.grant !== holders[0]![1].assigned![shard.id]) say('is owned under an old grant');
  }
  return reasons;
}

/** No slot that stays has room for another shard. */
function isFull({ table, scenario }: World): boolean {
  const staying = [...table.state().consumers.values()].filter(({ draining }) => draining !== true);
  return staying.every(({ assigned = {} }) => Object.keys(assigned).length >= scenario.slotShardsMax);
}
