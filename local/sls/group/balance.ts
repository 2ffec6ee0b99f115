import type { ConsumerGroup, GroupShard } from './group.ts';

/** Shards that a consumer has and keeps, or is about to get; consumers in the order in which they joined. */
type Loads = Map<string, GroupShard[]>;

/**
 * Gives free shards out and evens the load, until the numbers of shards of any two consumers differ by at most one:
 * edges 3 and 5 of the automaton. A shard on its way counts for the consumer it goes to. Shards that wait or are over
 * take no part. Moves no more shards than it must; of equal consumers the one that joined first is served first.
 */
export function balance(group: ConsumerGroup): void {
  if (group.consumers.size === 0) return;
  const loads = loadsOf(group);
  for (const shard of group.shards.values()) {
    if (shard.allocation.state !== 'not_alloc') continue;
    const holder = leastLoaded(loads);
    shard.allocation = { state: 'already_alloc', holder };
    loads.get(holder)!.push(shard);
  }
  // Every round lessens the difference, so there are at most as many rounds as shards.
  for (let rounds = group.shards.size; rounds > 0; rounds -= 1) {
    const [from, to] = [mostLoaded(loads), leastLoaded(loads)];
    if (loads.get(from)!.length - loads.get(to)!.length <= 1) return;
    move(loads.get(from)!, loads.get(to)!, to);
  }
}

export function loadsOf(group: ConsumerGroup): Loads {
  const loads: Loads = new Map([...group.consumers.keys()].map((name) => [name, []]));
  for (const shard of group.shards.values()) {
    const { allocation } = shard;
    if (allocation.state === 'transfer') loads.get(allocation.next)!.push(shard);
    if (allocation.state === 'already_alloc') loads.get(allocation.holder)!.push(shard);
  }
  return loads;
}

/** Sends one shard elsewhere: one that is on its way anyway, if there is any, as it costs nobody a shard. */
function move(from: GroupShard[], to: GroupShard[], next: string): void {
  // -1, for none, takes the last one of all.
  const onItsWay = from.findLastIndex(({ allocation }) => allocation.state === 'transfer');
  const [shard] = from.splice(onItsWay, 1);
  if (!shard || !('holder' in shard.allocation)) return;
  const { holder } = shard.allocation;
  shard.allocation =
    holder === next ? { state: 'already_alloc', holder } : { state: 'transfer', holder, next };
  to.push(shard);
}

function leastLoaded(loads: Loads): string {
  return [...loads].reduce((least, other) => (other[1].length < least[1].length ? other : least))[0];
}

function mostLoaded(loads: Loads): string {
  return [...loads].reduce((most, other) => (other[1].length > most[1].length ? other : most))[0];
}
