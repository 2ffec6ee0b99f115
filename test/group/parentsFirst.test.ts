import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parentsFirst } from '../../lib/group/parentsFirst.ts';
import type { SourceShard } from '../../lib/sources/source.ts';

const shard = (id: string, ...parents: string[]): SourceShard => ({ id, state: 'open', parents });
const idsOf = (groups: SourceShard[][]): string[][] => groups.map((group) => group.map(({ id }) => id));

describe('shards in groups, parents first', () => {
  it('keeps shards without parents together, in their order', () => {
    expect(idsOf(parentsFirst([shard('2'), shard('0'), shard('1')]))).toEqual([['2', '0', '1']]);
    expect(parentsFirst([])).toEqual([]);
  });

  it('does not wait for parents that are not among them', () => {
    expect(idsOf(parentsFirst([shard('6', '5'), shard('5', '1', '2')]))).toEqual([['5'], ['6']]);
  });

  it('lets a merged shard wait for the last of its parents, also if one is named twice', () => {
    const listed = [shard('4', '3', '0', '3'), shard('3', '1'), shard('0'), shard('1')];
    expect(idsOf(parentsFirst(listed))).toEqual([['0', '1'], ['3'], ['4']]);
  });

  it('puts parents in a circle, and what waits for them, last and as listed', () => {
    const listed = [shard('3', '2'), shard('1', '2'), shard('2', '1'), shard('0')];
    expect(idsOf(parentsFirst(listed))).toEqual([['0'], ['3', '1', '2']]);
    expect(idsOf(parentsFirst([shard('0', '0')]))).toEqual([['0']]);
  });

  it('goes through a line of 10,000', () => {
    const line = Array.from({ length: 10_000 }, (_, id) => shard(`${id}`, ...(id > 0 ? [`${id - 1}`] : [])));
    const groups = parentsFirst([...line].reverse());
    expect(groups.map((group) => group[0])).toEqual(line);
    expect(groups.every((group) => group.length === 1)).toBe(true);
  });

  it('names every shard once, after all its parents, whatever the lineage and the order of the list', () => {
    const lineages = fc
      .array(fc.array(fc.nat(), { maxLength: 3 }), { maxLength: 30 })
      .map((parents) =>
        parents.map((older, id) => shard(`${id}`, ...older.flatMap((at) => (id > 0 ? [`${at % id}`] : [])))),
      )
      .chain((shards) => fc.shuffledSubarray(shards, { minLength: shards.length, maxLength: shards.length }));
    fc.assert(
      fc.property(lineages, (listed) => {
        const groups = parentsFirst(listed);
        expect(groups.flat().sort((a, b) => +a.id - +b.id)).toEqual(
          [...listed].sort((a, b) => +a.id - +b.id),
        );
        const groupOf = new Map(groups.flatMap((group, at) => group.map(({ id }) => [id, at] as const)));
        for (const { id, parents } of listed) {
          for (const parent of parents) expect(groupOf.get(parent)).toBeLessThan(groupOf.get(id)!);
        }
      }),
    );
  });
});
