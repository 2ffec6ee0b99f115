/** The two examples of the product page "Customized Consumption", with its numbers, however the shards are assigned. */
import { afterEach, describe, expect, it } from 'vitest';
import { consumerKey } from '../../lib/group/items.ts';
import { createManualClock } from '../support/clock.ts';
import { createGroup } from '../support/world.ts';
import { startClsStage, TOPIC } from './stages/cls.ts';

const read = { signal: new AbortController().signal, consistent: true };
let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

async function groupOf(coordination: 'own' | 'service', partitions: number) {
  const clock = createManualClock();
  const stage = await startClsStage({ clock, topics: { [TOPIC]: partitions }, coordination });
  const { source, serviceGroup, service, client, put } = stage;
  close = service.close;
  const world = createGroup({ clock, source, serviceGroup }, { order: coordination === 'own' });
  const heldBy = async (slot: string): Promise<number[]> => {
    const item = await world.store.get(consumerKey(slot), read);
    return Object.keys(item?.assigned ?? {})
      .map((shard) => Number(shard.split(':')[1]))
      .sort();
  };
  const rounds = async (...slots: string[]): Promise<void> => {
    for (let round = 0; round < 8; round++) await world.round(...slots);
  };
  /** A record into every open partition; all must come out, once. */
  const putEverywhere = async (content: string): Promise<string[]> => {
    const partitions = await client.describePartitions(TOPIC, read.signal);
    const open = partitions.filter(({ status }) => status === 'readwrite');
    for (const { beginKey } of open) {
      await put(TOPIC, beginKey, content);
    }
    return open.map(({ id }) => `${TOPIC}:${id}:${content}`).sort();
  };
  return { world, service, heldBy, rounds, putEverywhere };
}

describe.each(['service', 'own'] as const)('with coordination: %s', (coordination) => {
  it('a partition that is added to four, of which A and B have two each, goes to B', async () => {
    const { world, service, heldBy, rounds, putEverywhere } = await groupOf(coordination, 4);
    await rounds('A', 'B');
    expect({ A: await heldBy('A'), B: await heldBy('B') }).toEqual({ A: [1, 2], B: [3, 4] });
    const before = await putEverywhere('before');
    await rounds('A', 'B');
    expect(world.delivered.toSorted()).toEqual(before);

    service.addPartitions(TOPIC, 1);
    const after = await putEverywhere('after');
    expect(after).toHaveLength(5);
    await rounds('A', 'B');
    expect({ A: await heldBy('A'), B: await heldBy('B') }).toEqual({ A: [1, 2], B: [3, 4, 5] });
    expect(world.delivered.toSorted()).toEqual([...before, ...after].sort());
  });

  it('a consumer C that joins A and B, who have three partitions each, takes 3 and 6', async () => {
    const { world, heldBy, rounds, putEverywhere } = await groupOf(coordination, 6);
    await rounds('A', 'B');
    expect({ A: await heldBy('A'), B: await heldBy('B') }).toEqual({ A: [1, 2, 3], B: [4, 5, 6] });
    const before = await putEverywhere('before');
    await rounds('A', 'B', 'C');
    expect({ A: await heldBy('A'), B: await heldBy('B'), C: await heldBy('C') }).toEqual({
      A: [1, 2],
      B: [4, 5],
      C: [3, 6],
    });
    const after = await putEverywhere('after');
    await rounds('A', 'B', 'C');
    expect(world.delivered.toSorted()).toEqual([...before, ...after].sort());
  });

  it('a consumer that leaves gives its partitions to those who stay, and nothing is lost or repeated', async () => {
    const { world, heldBy, rounds, putEverywhere } = await groupOf(coordination, 6);
    await rounds('A', 'B', 'C');
    const before = await putEverywhere('before');
    await rounds('A', 'B');
    const held = [...(await heldBy('A')), ...(await heldBy('B'))].sort();
    expect(held).toEqual([1, 2, 3, 4, 5, 6]);
    const after = await putEverywhere('after');
    await rounds('A', 'B');
    expect(world.delivered.toSorted()).toEqual([...before, ...after].sort());
  });
});
