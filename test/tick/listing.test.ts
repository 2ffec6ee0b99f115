import { describe, expect, it } from 'vitest';
import { createWorld, INTERVAL_MS, type World } from '../support/world.ts';

/** Slots `a` and `b`, with a shard each that they have read up, at a moment at which a plan is due. */
async function settled() {
  const world = createWorld(['0', '1']);
  for (let round = 0; round < 5; round++) await world.round('a', 'b');
  world.clock.advance(2 * INTERVAL_MS);
  // Both sessions are renewed; whoever ticks next looks whether there is something to plan.
  for (const shard of ['0', '1']) world.source.append(shard, 'x', 'y', 'z');
  world.events.length = 0;
  world.delivered.length = 0;
  return world;
}

/** From now on the list of shards has no answer until `answer` is called. */
function hang({ source }: Pick<World, 'source'>) {
  const { listShards } = source;
  const waiting: (() => void)[] = [];
  source.listShards = async (signal) => {
    await new Promise<void>((resolve, reject) => {
      waiting.push(resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return listShards(signal);
  };
  return {
    waiting,
    answer(): void {
      source.listShards = listShards;
      for (const resolve of waiting) resolve();
    },
  };
}

/** Lets everything run that needs no time. */
async function passed(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

const workMs = ({ times }: World): number => times.functionTimeoutMs - times.reserveMs;
const names = ({ events }: World): string[] => events.map(({ event }) => event);

describe('a list of shards that has no answer', () => {
  it('holds up no reading, and the tick waits for it a third of its time', async () => {
    const world = await settled();
    const { waiting } = hang(world);
    const ticking = world.tick('a');
    await passed();
    expect(waiting).toHaveLength(1);
    expect(world.delivered).toHaveLength(3);

    let hasEnded = false;
    void ticking.then(() => {
      hasEnded = true;
    });
    world.clock.advance(workMs(world) / 3 - 1);
    await passed();
    expect(hasEnded).toBe(false);
    world.clock.advance(1);
    expect(await ticking).toMatchObject({ planned: true, shards: [{ stopped: 'caughtUp', batches: 2 }] });
    expect(names(world)).toContain('stream.unlisted');
  });

  it('is waited for as long as there is work, and the plan is made beside it', async () => {
    const world = await settled();
    const { answer } = hang(world);
    let finish = (): void => {};
    world.eachBatch = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const ticking = world.tick('a');
    await passed();
    world.clock.advance(workMs(world) * 0.4);
    answer();
    await passed();
    world.eachBatch = async () => {};
    finish();
    expect(await ticking).toMatchObject({ planned: true, shards: [{ stopped: 'caughtUp', batches: 2 }] });
    expect(names(world)).not.toContain('stream.unlisted');
  });
});

it('a backlog that takes all the time of every tick keeps no plan from being made', async () => {
  const world = await settled();
  world.source.append('0', ...'abcdefghij');
  world.source.append('1', ...'abcdefghij');
  world.eachBatch = async () => world.clock.advance(workMs(world) * 0.6);
  const [first] = await world.round('a');
  expect(first).toMatchObject({ shards: [{ stopped: 'deadline', batches: 1 }] });
  for (let round = 0; round < 3; round++) await world.round('a');
  expect(names(world)).toContain('slot.expired');
  const last = await world.tick('a');
  expect(last.shards.map(({ shard }) => shard).sort()).toEqual(['0', '1']);
});
