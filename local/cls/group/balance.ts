import type { ConsumerGroup, GroupPartition } from './group.ts';

/**
 * How a partition goes from one live consumer to another. What the live service does is not published.
 *
 * - `cooperative`: it is nobody's until the old one's heartbeat no longer names it.
 * - `immediate`: it is the new one's at once, whoever still works on it.
 */
export type HandOver = 'cooperative' | 'immediate';

/** Partitions that a consumer has and keeps, or is about to get; consumers in the order in which they joined. */
type Loads = Map<string, GroupPartition[]>;

/**
 * Gives free partitions out and evens the load, over all topics of the group together, until the numbers of partitions of
 * any two consumers differ by at most one. A partition on its way counts for the consumer that it goes to. Moves no more
 * partitions than it must.
 *
 * Which ones, the examples of the product page tell: of equal consumers the one that joined last is served first (A has 1
 * and 2, B has 3 and 4: 5 goes to B), and a consumer gives up what it has last (A has 1 to 3, B has 4 to 6: C gets 3 and 6).
 */
export function balance(group: ConsumerGroup, handOver: HandOver): void {
  if (group.consumers.size === 0) return;
  const loads = loadsOf(group);
  for (const partition of group.partitions.values()) {
    if (partition.allocation.state !== 'free') continue;
    const holder = leastLoaded(loads);
    partition.allocation = { state: 'held', holder };
    loads.get(holder)!.push(partition);
  }
  // Every round lessens the difference, so there are at most as many rounds as partitions.
  for (let rounds = group.partitions.size; rounds > 0; rounds -= 1) {
    const [from, to] = [mostLoaded(loads), leastLoaded(loads)];
    if (loads.get(from)!.length - loads.get(to)!.length <= 1) return;
    move(loads.get(from)!, loads.get(to)!, to, handOver);
  }
}

export function loadsOf(group: ConsumerGroup): Loads {
  const loads: Loads = new Map([...group.consumers.keys()].map((name) => [name, []]));
  for (const partition of group.partitions.values()) {
    const { allocation } = partition;
    if (allocation.state === 'moving') loads.get(allocation.next)!.push(partition);
    if (allocation.state === 'held') loads.get(allocation.holder)!.push(partition);
  }
  return loads;
}

/** Sends one partition elsewhere: one that is on its way anyway, if there is any, as it costs nobody a partition. */
function move(from: GroupPartition[], to: GroupPartition[], next: string, handOver: HandOver): void {
  // -1, for none, takes the last one of all.
  const onItsWay = from.findLastIndex(({ allocation }) => allocation.state === 'moving');
  const [partition] = from.splice(onItsWay, 1);
  if (!partition || partition.allocation.state === 'free') return;
  const { holder } = partition.allocation;
  partition.allocation =
    holder === next || handOver === 'immediate'
      ? { state: 'held', holder: next }
      : { state: 'moving', holder, next };
  to.push(partition);
}

function leastLoaded(loads: Loads): string {
  return [...loads].reduce((least, other) => (other[1].length <= least[1].length ? other : least))[0];
}

function mostLoaded(loads: Loads): string {
  return [...loads].reduce((most, other) => (other[1].length > most[1].length ? other : most))[0];
}
