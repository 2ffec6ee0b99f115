/** What a tick tells the user's module of its shards, and when. */
import { beforeEach, expect, it } from 'vitest';
import type { LastWords } from '../../lib/delivery/lastWords.ts';
import { createLifecycle, type Lifecycle } from '../../lib/delivery/lifecycle.ts';
import { createManualClock } from '../support/clock.ts';
import { createMemorySource } from '../support/memorySource.ts';
import { createGroup, INTERVAL_MS, type World } from '../support/world.ts';

let world: World;
let told: string[];
let lifecycles: Map<string, Lifecycle>;
beforeEach(async () => {
  told = [];
  lifecycles = new Map();
  world = createGroup({ clock: createManualClock(), source: createMemorySource(['0']) });
  world.eachBatch = async ({ records }) => void told.push(`batch of ${[...records].length}`);
  for (let round = 0; round < 4; round++) await world.round('a');
});

/** A tick of slot a in a sandbox with a module of its own, and what was told in it. */
async function tick(sandbox: string, lastWords?: LastWords): Promise<string[]> {
  const made = createLifecycle({
    start: (shard) => void told.push(`start ${shard}`),
    stop: (shard, why) => void told.push(`stop ${shard} ${why}`),
  });
  const lifecycle = lifecycles.get(sandbox) ?? made;
  lifecycles.set(sandbox, lifecycle);
  await world.tick('a', sandbox, { lifecycle, ...(lastWords && { lastWords }) });
  world.clock.advance(INTERVAL_MS);
  return told.splice(0);
}

it('a shard is started before its first batch, and stays so from tick to tick', async () => {
  expect(await tick('one')).toEqual([]);
  for (const expected of [['start 0', 'batch of 1'], ['batch of 1'], ['batch of 1']]) {
    world.source.append('0', 'good');
    expect(await tick('one')).toEqual(expected);
  }
  expect(await tick('one')).toEqual([]);
});

it('also while a batch of it fails, is noted and comes again', async () => {
  world.source.append('0', 'one', 'two');
  let isFailing = true;
  world.eachBatch = async ({ records }) => {
    told.push(`batch of ${[...records].length}`);
    if (isFailing) throw new Error('no');
  };
  expect(await tick('one')).toEqual(['start 0', 'batch of 2']);
  isFailing = false;
  expect(await tick('one')).toEqual(['batch of 2']);
});

it('one in which another sandbox of the slot has read on was lost, and is started again with its next batch', async () => {
  world.source.append('0', 'good');
  expect(await tick('one')).toEqual(['start 0', 'batch of 1']);
  world.source.append('0', 'good');
  expect(await tick('two')).toEqual(['start 0', 'batch of 1']);
  expect(await tick('one')).toEqual(['stop 0 lost']);
  world.source.append('0', 'good');
  expect(await tick('one')).toEqual(['start 0', 'batch of 1']);
});

it('what a run would leave as its last words is known before the module is told of the shard', async () => {
  world.source.append('0', 'good');
  const lastWords: LastWords = {
    given: (_run, shard, batch) => void told.push(`given ${shard} ${batch.split('/')[0]}`),
    ended: () => void told.push('ended'),
    of: () => undefined,
  };
  expect(await tick('one', lastWords)).toEqual(['given 0 orders', 'start 0', 'batch of 1', 'ended']);
});
