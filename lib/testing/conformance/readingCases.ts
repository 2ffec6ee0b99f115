import { strict as assert } from 'node:assert';
import { assertMatches, linesOf, type SourceCase, signal, sourceCase } from './sourceCase.ts';

/** What is listed and read of open shards. */
export const readingCases: readonly SourceCase[] = [
  sourceCase('lists its shards as open, without parents', async ({ listed, shard, other }) => {
    assert.deepEqual(listed, [
      { id: shard, state: 'open', parents: [] },
      { id: other, state: 'open', parents: [] },
    ]);
  }),

  sourceCase('says that an open shard without records is read up, and stays where it is', async (stage) => {
    const cursor = await stage.begin(stage.shard);
    const pulled = await stage.pull(stage.shard, cursor);
    assert.deepEqual([...pulled.records], []);
    assertMatches(pulled, { count: 0, nextCursor: cursor, caughtUp: true, lagMs: 0, endOfShard: false });
  }),

  sourceCase('names its service and its stream', async ({ source }) => {
    assert.match(source.kind, /^[a-z]+$/);
    assert.equal(source.tags.source, source.kind);
    assert(!Object.values(source.tags).includes(''), 'a tag without a value says nothing');
  }),

  sourceCase(
    'gives the records of a shard in the order in which they were put, and no others',
    async (stage) => {
      const { put, read, shard, other } = stage;
      await put(shard, ['a', 'b']);
      await put(other, ['x']);
      await put(shard, ['c']);
      assert.deepEqual((await read(shard)).lines, ['a', 'b', 'c']);
      assert.deepEqual((await read(other)).lines, ['x']);
    },
  ),

  sourceCase('goes on where it stopped, with what came meanwhile', async ({ put, read, readOn, shard }) => {
    await put(shard, ['a']);
    const first = await read(shard);
    await put(shard, ['b']);
    assert.deepEqual((await readOn(shard, first.cursors.at(-1)!)).lines, ['b']);
  }),

  sourceCase('gives every record once, however few are asked for at a time', async ({ put, read, shard }) => {
    const all = Array.from({ length: 7 }, (_, i) => [`${i}a`, `${i}b`]);
    for (const lines of all) await put(shard, lines);
    const reading = await read(shard, { countMax: 1 });
    assert.deepEqual(reading.lines, all.flat());
    assert(reading.pulls.length > 1, 'one record of 14 was asked for, and all were given');
    assertMatches(reading.pulls[0]!, { caughtUp: false });
  }),

  sourceCase('gives every record once, however few bytes there is room for', async ({ put, read, shard }) => {
    const all = Array.from({ length: 7 }, (_, i) => [`${i}`.repeat(1_000)]);
    for (const lines of all) await put(shard, lines);
    for (const bytesMax of [1, 2_500]) {
      assert.deepEqual((await read(shard, { bytesMax })).lines, all.flat());
    }
  }),

  sourceCase('gives the same again from the same cursor', async ({ put, pull, read, shard }) => {
    for (const line of ['a', 'b', 'c']) await put(shard, [line]);
    const reading = await read(shard, { countMax: 1 });
    for (const [index, cursor] of reading.cursors.slice(0, -1).entries()) {
      const again = await pull(shard, cursor, { countMax: 1 });
      assert.deepEqual(linesOf(again), linesOf(reading.pulls[index]!));
      assert.equal(again.nextCursor, reading.cursors[index + 1]);
    }
  }),

  sourceCase('gives records that can be iterated again, and says how large the answer was', async (stage) => {
    await stage.put(stage.shard, ['a', 'b']);
    const pulled = await stage.pull(stage.shard, await stage.begin(stage.shard));
    assert.deepEqual(linesOf(pulled), ['a', 'b']);
    assert.deepEqual(linesOf(pulled), ['a', 'b']);
    assert(pulled.bytes > 0, 'bytes is the size of the answer');
  }),

  sourceCase(
    'gives values as they were written: empty, long, in any script',
    async ({ put, read, shard }) => {
      const lines = ['', 'x'.repeat(100_000), '日志 🪵', '\u0000\n"'];
      await put(shard, lines);
      const records = (await read(shard)).pulls.flatMap((pulled) => [...pulled.records]);
      assert.deepEqual(
        records.map((record) => record.get('line')),
        lines,
      );
      assert.deepEqual(
        records.map((record) => Buffer.from(record.bytes('line')!).toString()),
        lines,
      );
      assert.deepEqual(
        records.map((record) => record.toObject().line),
        lines,
      );
      assert(records.every((record) => record.fields().includes('line')));
      for (const record of records) {
        assert.equal(record.get('no such field'), undefined);
        assert.equal(record.bytes('no such field'), undefined);
      }
    },
  ),

  ...[
    { what: 'a shard that is not there', ask: 'cursor' },
    { what: 'to read a shard that is not there', ask: 'pull' },
    { what: 'a cursor that is none', ask: 'badCursor' },
  ].map(({ what, ask }) =>
    sourceCase(`fails for ${what}, with an error that no repetition mends`, async (stage) => {
      const { begin, pull, shard } = stage;
      const cursor = await begin(shard);
      const calls: Record<string, () => Promise<unknown>> = {
        cursor: () => begin('987654'),
        pull: () => pull('987654', cursor),
        badCursor: () => pull(shard, 'not a cursor'),
      };
      await assert.rejects(calls[ask]!, { name: 'SourceError', retriable: false });
    }),
  ),

  sourceCase('asks nothing once the signal has aborted, and rejects with its reason', async (stage) => {
    const { source, shard, begin } = stage;
    const reason = new Error('deadline');
    const aborted = AbortSignal.abort(reason);
    const request = { shard, cursor: await begin(shard), closed: false, countMax: 1, signal: aborted };
    const isReason = (error: unknown): boolean => error === reason;
    await assert.rejects(source.listShards(aborted), isReason);
    await assert.rejects(source.cursorAt(shard, { at: 'begin' }, aborted), isReason);
    await assert.rejects(source.pull(request), isReason);
    await source.listShards(signal);
  }),
];
