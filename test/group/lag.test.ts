import { describe, expect, it } from 'vitest';
import { type LagSource, lagOf } from '../../lib/group/lag.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import { createManualClock } from '../support/clock.ts';
import { createGroup } from '../support/world.ts';

const HOUR_MS = 3_600_000;
const options = { signal: new AbortController().signal };

/** A group that has its shards, and as many records since. */
async function behind(records: Readonly<Record<string, number>>) {
  const clock = createManualClock();
  const memory = createMemorySource({ shards: Object.keys(records), now: clock.now });
  const world = createGroup({ clock, source: memory });
  for (let round = 0; round < 4; round++) await world.round('a');
  for (const [shard, count] of Object.entries(records)) {
    memory.append(shard, ...Array.from({ length: count }, (_, index) => ({ content: String(index) })));
  }
  const source: LagSource = { ...memory, retentionMs: async () => 3 * HOUR_MS };
  const look = (changed: Partial<LagSource> = {}) =>
    lagOf(world.store, { ...source, ...changed }, clock.now(), options);
  return { ...world, memory, source, look };
}

describe('the lag', () => {
  it('of each shard is how much has come since its checkpoint, how old that is, and how long it is kept', async () => {
    const { clock, look } = await behind({ '0': 3, '1': 0 });
    clock.advance(HOUR_MS);
    expect(await look()).toEqual({
      unit: 'records',
      shards: [
        { shard: '0', positions: 3, lagMs: HOUR_MS, leftMs: 2 * HOUR_MS },
        { shard: '1', positions: 0, lagMs: 0, leftMs: undefined },
      ],
    });
  });

  it('has no time left where the retention has passed the checkpoint, also if nothing is there any more', async () => {
    const { clock, source, look } = await behind({ '0': 3 });
    const beginAt = (begin: string): Partial<LagSource> => ({
      receivedAt: async (_shard, cursor) => clock.now() - 1_000 * Number(cursor),
      cursorAt: async (shard, position, signal) =>
        position.at === 'begin' ? begin : source.cursorAt(shard, position, signal),
    });
    expect((await look(beginAt('2'))).shards).toEqual([
      { shard: '0', positions: 3, lagMs: 2_000, leftMs: 0 },
    ]);
    expect((await look(beginAt('3'))).shards).toEqual([
      { shard: '0', positions: 3, lagMs: undefined, leftMs: 0 },
    ]);
  });

  it('is never less than none, nor is the time that is left', async () => {
    const { clock, look } = await behind({ '0': 1 });
    const ahead = { receivedAt: async () => clock.now() + 1_000 };
    expect((await look(ahead)).shards).toMatchObject([{ lagMs: 0, leftMs: 3 * HOUR_MS }]);
    clock.advance(4 * HOUR_MS);
    expect((await look()).shards).toMatchObject([{ lagMs: 4 * HOUR_MS, leftMs: 0 }]);
  });

  it('is told as far as the service tells it', async () => {
    const { look } = await behind({ '0': 3 });
    const silent = { distance: () => undefined, receivedAt: async () => undefined };
    expect((await look(silent)).shards).toEqual([
      { shard: '0', positions: undefined, lagMs: undefined, leftMs: undefined },
    ]);
    expect((await look({ retentionMs: async () => undefined })).shards[0]!.leftMs).toBeUndefined();
    const asked: string[] = [];
    await (await behind({ '0': 3, '1': 3 })).look({
      retentionMs: async (shard) => void asked.push(shard) as undefined,
    });
    expect(asked, 'once for a stream').toEqual(['0']);
    const refused = await look({ retentionMs: async () => Promise.reject(new Error('Unauthorized')) });
    expect(refused).toMatchObject({ retentionError: 'Error: Unauthorized', shards: [{ lagMs: 0 }] });
  });

  it('is asked of each stream by itself, also where the source is of a class', async () => {
    const { clock, memory, store } = await behind({ '0': 3, '1': 3 });
    const asked: string[] = [];
    class Streams {
      readonly #streams = new Map([
        ['0', 'a'],
        ['1', 'b'],
      ]);
      readonly tags = {};
      tagsOf(shard: string) {
        return { stream: this.#streams.get(shard)! };
      }
    }
    const retentionMs = async (shard: string) => {
      asked.push(shard);
      return HOUR_MS;
    };
    const source: LagSource = Object.assign(new Streams(), {
      cursorAt: memory.cursorAt,
      distance: memory.distance!,
      receivedAt: memory.receivedAt!,
      retentionMs,
    });
    await lagOf(store, source, clock.now(), options);
    expect(asked.sort()).toEqual(['0', '1']);
  });

  it.each([
    ['at the end, also where the service does not tell how far it is', 0, () => undefined],
    ['at the end, under another name of it', 1, () => 0],
    ['behind what the service tells as the end', 1, () => -1],
  ])('of a shard that is %s is none', async (_where, count, distance) => {
    const { look } = await behind({ '0': count });
    expect((await look({ distance })).shards).toEqual([
      { shard: '0', positions: 0, lagMs: 0, leftMs: undefined },
    ]);
  });

  it('of a shard that fails says why, and the others are told', async () => {
    const { source, look } = await behind({ '0': 1, '1': 2 });
    const cursorAt: LagSource['cursorAt'] = async (shard, position, signal) => {
      if (shard === '0') throw new Error('ShardNotExist');
      return source.cursorAt(shard, position, signal);
    };
    expect((await look({ cursorAt })).shards).toMatchObject([
      { shard: '0', error: 'Error: ShardNotExist' },
      { shard: '1', positions: 2 },
    ]);
  });

  it('is told in the order of the names of the shards', async () => {
    const { look } = await behind({ b: 0, c: 0, a: 0 });
    expect((await look()).shards.map(({ shard }) => shard)).toEqual(['a', 'b', 'c']);
  });

  it('is of shards that are not done', async () => {
    const { memory, round, look } = await behind({ '0': 1 });
    memory.replace(['0'], ['1']);
    for (let count = 0; count < 6; count++) await round('a');
    expect((await look()).shards.map(({ shard }) => shard)).toEqual(['1']);
  });
});
