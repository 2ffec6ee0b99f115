import { strict as assert } from 'node:assert';
import { assertMatches, byId, type SourceCase, type SourceStage, signal, sourceCase } from './sourceCase.ts';

/** A case of a shard with two records, `a` and `b`, that was split. */
const splitCase = (
  name: string,
  run: (stage: SourceStage & { children: string[] }) => Promise<void>,
): SourceCase =>
  sourceCase(
    name,
    async (stage) => {
      await stage.put(stage.shard, ['a']);
      await stage.put(stage.shard, ['b']);
      const children = await stage.split!(stage.shard);
      assert.equal(children.length, 2);
      await run({ ...stage, children });
    },
    'split',
  );

/** Of streams whose shards split and merge. A source without is held to the others only. */
export const reshardingCases: readonly SourceCase[] = [
  splitCase('lists a shard that was split as closed, and as the parent of two open ones', async (stage) => {
    const { source, shard, other, children } = stage;
    assert.deepEqual(
      byId(await source.listShards(signal)),
      byId([
        { id: shard, state: 'closed', parents: [] },
        { id: other, state: 'open', parents: [] },
        ...children.map((id) => ({ id, state: 'open' as const, parents: [shard] })),
      ]),
    );
  }),

  splitCase('still gives the records of a shard that was split, and ends after the last', async (stage) => {
    const reading = await stage.read(stage.shard, { countMax: 1, closed: true });
    assert.deepEqual(reading.lines, ['a', 'b']);
    const ends = reading.pulls.map(({ endOfShard }) => endOfShard);
    assert.deepEqual(ends, [...ends.slice(1).fill(false), true]);
    assert(reading.pulls.at(-1)!.count === 0, 'the end comes with an answer of its own');
  }),

  splitCase('does not end for a reader who listed the shard before the split', async (stage) => {
    const { read, pull, shard } = stage;
    const { cursors } = await read(shard);
    assert.equal((await pull(shard, cursors.at(-1)!)).endOfShard, false);
    assert.equal((await pull(shard, cursors.at(-1)!, { closed: true })).endOfShard, true);
  }),

  splitCase('gives what came later with the children, not with the shard that was split', async (stage) => {
    const { read, put, shard, children } = stage;
    for (const child of children) await put(child, [`in ${child}`]);
    assert.deepEqual((await read(shard, { closed: true })).lines, ['a', 'b']);
    for (const child of children) assert.deepEqual((await read(child)).lines, [`in ${child}`]);
  }),

  splitCase('lists no shard as the parent of its grandchildren', async ({ source, split, children }) => {
    const grandchildren = await split!(children[0]!);
    const parents = new Map((await source.listShards(signal)).map(({ id, parents }) => [id, parents]));
    for (const grandchild of grandchildren) assert.deepEqual(parents.get(grandchild), [children[0]]);
  }),

  sourceCase(
    'lists shards that were merged as closed, and as the parents of one open shard',
    async ({ source, merge, shard, other }) => {
      const { parents, child } = await merge!(shard);
      assert.deepEqual(new Set(parents), new Set([shard, other]));
      const shards = new Map((await source.listShards(signal)).map((listed) => [listed.id, listed]));
      for (const parent of parents) assert.equal(shards.get(parent)!.state, 'closed');
      assert.equal(shards.get(child)!.state, 'open');
      assert.deepEqual(new Set(shards.get(child)!.parents), new Set(parents));
    },
    'merge',
  ),

  sourceCase(
    'ends shards that were merged at once if they have no records',
    async ({ begin, pull, merge, shard }) => {
      const { parents } = await merge!(shard);
      for (const parent of parents) {
        const pulled = await pull(parent, await begin(parent), { closed: true });
        assertMatches(pulled, { count: 0, endOfShard: true, caughtUp: true, lagMs: 0 });
      }
    },
    'merge',
  ),

  sourceCase(
    'lists a merged shard that is split again as the only parent',
    async ({ source, split, merge, shard }) => {
      const { child } = await merge!(shard);
      const grandchildren = await split!(child);
      const shards = await source.listShards(signal);
      for (const id of grandchildren) {
        assert.deepEqual(shards.find((listed) => listed.id === id)!.parents, [child]);
      }
    },
    'merge',
  ),
];
