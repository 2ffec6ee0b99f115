import { strict as assert } from 'node:assert';
import type { LogRecord } from '../../sources/source.ts';
import { type Reading, type SourceCase, sourceCase } from './sourceCase.ts';

/** What a record is called, and what it holds. */
export const recordCases: readonly SourceCase[] = [
  sourceCase('gives each record an id of its own, which begins with the name of its shard', async (stage) => {
    const { put, read, shard, other } = stage;
    for (const id of [shard, other]) {
      for (const lines of [['a', 'b'], ['c'], ['d', 'e', 'f']]) await put(id, lines);
    }
    const readings = [await read(shard), await read(other)];
    const ids = readings.map((reading) => recordsOf(reading).map((record) => String(record.id)));
    for (const [index, id] of [shard, other].entries()) {
      assert(
        ids[index]!.every((recordId) => recordId.startsWith(`${id}/`)),
        `of shard ${id}: ${ids[index]}`,
      );
    }
    assert.equal(new Set(ids.flat()).size, 12);
  }),

  sourceCase('gives a record the same id in whatever answer it comes', async (stage) => {
    const { put, read, readOn, shard } = stage;
    for (const lines of [['a', 'b'], ['c'], ['d', 'e']]) await put(shard, lines);
    const ids = idsOf(await read(shard));
    await put(shard, ['f']);
    const { cursors } = await read(shard, { countMax: 1 });
    for (const cursor of cursors) {
      for (const more of [{ countMax: 1 }, { countMax: 2 }, {}, { endCursor: cursors.at(-2)! }]) {
        for (const [line, id] of idsOf(await readOn(shard, cursor, more))) {
          if (ids.has(line)) assert.equal(id, ids.get(line), `${line} from ${cursor} on`);
        }
      }
    }
  }),

  sourceCase('calls the shard in ids as it is asked to', async ({ put, begin, pull, shard }) => {
    await put(shard, ['a']);
    const cursor = await begin(shard);
    const [own] = (await pull(shard, cursor)).records;
    const [named] = (await pull(shard, cursor, { shardName: 'stream:0' })).records;
    assert.equal(named!.id, own!.id!.replace(shard, 'stream:0'));
  }),

  sourceCase('gives all fields of a record as pairs of bytes, as often as it is asked', async (stage) => {
    const { put, read, shard } = stage;
    const lines = ['', '日志 🪵', 'x'.repeat(1000)];
    await put(shard, lines);
    const records = recordsOf(await read(shard));
    assert.equal(records.length, lines.length);
    for (const [index, record] of records.entries()) {
      for (const pairs of [pairsOf(record), pairsOf(record)]) {
        assert.deepEqual([...new Set(pairs.map(([field]) => field))], record.fields());
        const values = pairs.filter(([field]) => field === 'line').map(([, value]) => value);
        assert.deepEqual(values, [lines[index]]);
      }
    }
  }),
];

const recordsOf = ({ pulls }: Reading): LogRecord[] => pulls.flatMap(({ records }) => [...records]);

const idsOf = (reading: Reading): Map<string, string | undefined> =>
  new Map(recordsOf(reading).map((record) => [record.get('line')!, record.id]));

const pairsOf = (record: LogRecord): [string, string][] =>
  Array.from(record.pairs(), ([field, value]) => [
    Buffer.from(field).toString(),
    Buffer.from(value).toString(),
  ]);
