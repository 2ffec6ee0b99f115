import { strict as assert } from 'node:assert';
import { assertMatches, type SourceCase, signal, sourceCase } from './sourceCase.ts';

/** Where reading begins and ends. */
export const positionCases: readonly SourceCase[] = [
  sourceCase('has its end before what comes next', async ({ put, cursorAt, readOn, shard }) => {
    await put(shard, ['old']);
    const end = await cursorAt(shard, 'end');
    assert.deepEqual((await readOn(shard, end)).lines, []);
    await put(shard, ['new']);
    assert.deepEqual((await readOn(shard, end)).lines, ['new']);
  }),

  sourceCase(
    'has a time before all that was received since, and after what was well before',
    async (stage) => {
      const { source, shard, put, readOn, advance, now } = stage;
      await put(shard, ['old']);
      await advance(60_000);
      const time = now();
      await put(shard, ['new']);
      await advance(60_000);
      const at = async (unixMs: number): Promise<string[]> =>
        (await readOn(shard, await source.cursorAt(shard, { at: 'time', unixMs }, signal))).lines;
      assert.deepEqual(await at(time), ['new']);
      assert.deepEqual(await at(time - 3_600_000), ['old', 'new']);
      assert.deepEqual(await at(now()), []);
    },
  ),

  sourceCase('is at its end where it was read up', async ({ put, cursorAt, read, shard }) => {
    await put(shard, ['a', 'b']);
    const { cursors } = await read(shard);
    assert.equal(cursors.at(-1), await cursorAt(shard, 'end'));
  }),

  ...[1, 100].map((countMax) =>
    sourceCase(`reads up to an end cursor, ${countMax} at a time`, async ({ put, read, readOn, shard }) => {
      for (const lines of [['a', 'b'], ['c'], ['d']]) await put(shard, lines);
      const { cursors } = await read(shard, { countMax: 1 });
      for (const [from, start] of cursors.entries()) {
        for (const endCursor of cursors.slice(from)) {
          const whole = (await readOn(shard, start, { countMax })).lines;
          const after = (await readOn(shard, endCursor, { countMax })).lines;
          const reading = await readOn(shard, start, { countMax, endCursor });
          assert.deepEqual(reading.lines, whole.slice(0, whole.length - after.length));
          assert.equal(reading.cursors.at(-1), endCursor);
        }
      }
    }),
  ),

  sourceCase('ends at an end cursor also where something was put behind it', async (stage) => {
    const { put, pull, begin, cursorAt, readOn, shard } = stage;
    await put(shard, ['a']);
    const endCursor = await cursorAt(shard, 'end');
    const start = await begin(shard);
    await put(shard, ['b']);
    assert.deepEqual((await readOn(shard, start, { endCursor })).lines, ['a']);
    assertMatches(await pull(shard, endCursor, { endCursor }), { count: 0, endOfShard: true });
  }),

  ...[0, 500].map((withinMs) =>
    sourceCase(
      `ends before all that was received since a time, at ${withinMs} ms of a second`,
      async (stage) => {
        const { source, put, read, advance, now, shard } = stage;
        await put(shard, ['a']);
        await put(shard, ['b']);
        await advance(60_000);
        const endAtMs = Math.ceil(now() / 1000) * 1000 + withinMs;
        await advance(120_000);
        await put(shard, ['c']);
        const endCursor = await source.cursorAt(shard, { at: 'time', unixMs: endAtMs }, signal);
        const reading = await read(shard, { countMax: 1, endCursor, endAtMs });
        assert.deepEqual(reading.lines, ['a', 'b']);
        assertMatches(reading.pulls.at(-1)!, { endOfShard: true, caughtUp: true });
      },
    ),
  ),

  sourceCase('ends a shard without records at a time', async ({ source, read, advance, now, shard }) => {
    await advance(60_000);
    const endAtMs = now() - 30_000;
    const endCursor = await source.cursorAt(shard, { at: 'time', unixMs: endAtMs }, signal);
    assert.deepEqual((await read(shard, { endCursor, endAtMs })).lines, []);
  }),

  sourceCase('tells when it received what stands at a cursor, where it tells at all', async (stage) => {
    const { source, shard, put, begin, cursorAt, advance, now } = stage;
    if (source.receivedAt === undefined) return;
    const first = now();
    await put(shard, ['a', 'b']);
    await advance(60_000);
    const later = await cursorAt(shard, 'end');
    const second = now();
    await put(shard, ['c']);
    await put(shard, ['d']);
    await advance(60_000);
    for (const [cursor, received] of [[await begin(shard), first] as const, [later, second] as const]) {
      const told = await source.receivedAt(shard, cursor, signal);
      // Services count in whole seconds.
      assert(told === undefined || Math.abs(told - received) <= 1_000, `${told} is not ${received}`);
    }
  }),

  sourceCase('tells for how long it keeps what it has, where it tells at all', async ({ source, shard }) => {
    const retentionMs = await source.retentionMs?.(shard, signal);
    assert(retentionMs === undefined || retentionMs >= 1_000, 'it is milliseconds, of a second at least');
  }),
];
