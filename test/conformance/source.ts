import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogRecord, Pulled, Source } from '../../lib/sources/source.ts';

/** A service with one stream of two empty, open shards, and a driver for it. */
export interface SourceBackend {
  source: Source;
  /** Appends one record for each line to an open shard, in one request; the text is in the field `line`. */
  put(shard: string, lines: string[]): Promise<void>;
  /** Closes a shard and opens two in its place; gives their ids. */
  split(shard: string): Promise<string[]>;
  /** Closes a shard and its neighbour and opens one in their place. */
  merge(shard: string): Promise<{ parents: string[]; child: string }>;
  /** What the service takes for the time, milliseconds since 1970. */
  now(): number;
  /** Lets time pass at the service. */
  advance(durationMs: number): void | Promise<void>;
  closeAll(): Promise<void>;
}

const { signal } = new AbortController();
/** More pulls than any story here needs. */
const PULLS_MAX = 50;

/** What every driver of Source must do. */
export function describeSource(name: string, setup: () => Promise<SourceBackend>): void {
  describe(`the source ${name}`, () => {
    let backend: SourceBackend;
    let source: Source;
    let shard: string;
    let other: string;

    beforeEach(async () => {
      backend = await setup();
      source = backend.source;
      [shard, other] = (await source.listShards(signal)).map(({ id }) => id) as [string, string];
    });
    afterEach(() => backend.closeAll());

    const begin = (id: string) => source.cursorAt(id, { at: 'begin' }, signal);
    const pull = (
      id: string,
      cursor: string,
      more: { countMax?: number; closed?: boolean; endCursor?: string; endAtMs?: number } = {},
    ) => source.pull({ shard: id, cursor, countMax: 100, closed: false, signal, ...more });

    /** Pulls until the driver says that nothing more is there. */
    async function readOn(id: string, from: string, more: Parameters<typeof pull>[2] = {}): Promise<Reading> {
      const reading: Reading = { lines: [], cursors: [from], pulls: [] };
      while (reading.pulls.length < PULLS_MAX) {
        const pulled = await pull(id, reading.cursors.at(-1)!, more);
        reading.pulls.push(pulled);
        reading.lines.push(...linesOf(pulled));
        reading.cursors.push(pulled.nextCursor);
        const untilEnd = more.closed || more.endCursor !== undefined;
        if (untilEnd ? pulled.endOfShard : pulled.caughtUp) return reading;
      }
      return expect.unreachable(`no end after ${PULLS_MAX} pulls`);
    }

    describe('at first', () => {
      it('lists its shards as open, without parents', async () => {
        expect(await source.listShards(signal)).toEqual([
          { id: shard, state: 'open', parents: [] },
          { id: other, state: 'open', parents: [] },
        ]);
      });

      it('says that an open shard without records is read up, and stays where it is', async () => {
        const cursor = await begin(shard);
        const { records, ...pulled } = await pull(shard, cursor);
        expect([...records]).toEqual([]);
        expect(pulled).toMatchObject({ empty: true, nextCursor: cursor, caughtUp: true, lagMs: 0 });
        expect(pulled.endOfShard).toBe(false);
      });

      it('names its service and its stream', () => {
        expect(source.kind).toMatch(/^[a-z]+$/);
        expect(Object.values(source.tags)).not.toContain('');
        expect(source.tags).toMatchObject({ source: source.kind });
      });
    });

    describe('reading', () => {
      it('gives the records of a shard in the order in which they were put, and no others', async () => {
        await backend.put(shard, ['a', 'b']);
        await backend.put(other, ['x']);
        await backend.put(shard, ['c']);
        expect((await readOn(shard, await begin(shard))).lines).toEqual(['a', 'b', 'c']);
        expect((await readOn(other, await begin(other))).lines).toEqual(['x']);
      });

      it('goes on where it stopped, with what came meanwhile', async () => {
        await backend.put(shard, ['a']);
        const first = await readOn(shard, await begin(shard));
        await backend.put(shard, ['b']);
        expect((await readOn(shard, first.cursors.at(-1)!)).lines).toEqual(['b']);
      });

      it('gives every record once, however few are asked for at a time', async () => {
        const all = Array.from({ length: 7 }, (_, i) => [`${i}a`, `${i}b`]);
        for (const lines of all) await backend.put(shard, lines);
        const reading = await readOn(shard, await begin(shard), { countMax: 1 });
        expect(reading.lines).toEqual(all.flat());
        expect(reading.pulls.length).toBeGreaterThan(1);
        expect(reading.pulls[0]).toMatchObject({ empty: false, caughtUp: false });
      });

      it('gives the same again from the same cursor', async () => {
        for (const line of ['a', 'b', 'c']) await backend.put(shard, [line]);
        const reading = await readOn(shard, await begin(shard), { countMax: 1 });
        for (const [index, cursor] of reading.cursors.slice(0, -1).entries()) {
          const again = await pull(shard, cursor, { countMax: 1 });
          expect(linesOf(again)).toEqual(linesOf(reading.pulls[index]!));
          expect(again.nextCursor).toBe(reading.cursors[index + 1]);
        }
      });

      it('gives records that can be iterated again, and says how large the answer was', async () => {
        await backend.put(shard, ['a', 'b']);
        const pulled = await pull(shard, await begin(shard));
        expect([linesOf(pulled), linesOf(pulled)]).toEqual([
          ['a', 'b'],
          ['a', 'b'],
        ]);
        expect(pulled.bytes).toBeGreaterThan(0);
      });

      it('gives values as they were written: empty, long, in any script', async () => {
        const lines = ['', 'x'.repeat(100_000), '日志 🪵', '\u0000\n"'];
        await backend.put(shard, lines);
        const [pulled] = (await readOn(shard, await begin(shard))).pulls;
        const records: LogRecord[] = [...pulled!.records];
        expect(records.map((record) => record.get('line'))).toEqual(lines);
        expect(records.map((record) => Buffer.from(record.bytes('line')!).toString())).toEqual(lines);
        expect(records.map((record) => record.toObject().line)).toEqual(lines);
        expect(records.every((record) => record.fields().includes('line'))).toBe(true);
        expect(records.map((record) => record.get('no such field'))).toEqual(lines.map(() => undefined));
        expect(records.map((record) => record.bytes('no such field'))).toEqual(lines.map(() => undefined));
      });
    });

    describe('a position', () => {
      it('at the end is before what comes next', async () => {
        await backend.put(shard, ['old']);
        const end = await source.cursorAt(shard, { at: 'end' }, signal);
        expect((await readOn(shard, end)).lines).toEqual([]);
        await backend.put(shard, ['new']);
        expect((await readOn(shard, end)).lines).toEqual(['new']);
      });

      it('at a time is before everything received since, and after what was received well before', async () => {
        await backend.put(shard, ['old']);
        await backend.advance(60_000);
        const time = backend.now();
        await backend.put(shard, ['new']);
        await backend.advance(60_000);
        const at = async (unixMs: number) =>
          (await readOn(shard, await source.cursorAt(shard, { at: 'time', unixMs }, signal))).lines;
        expect(await at(time)).toEqual(['new']);
        expect(await at(time - 3_600_000)).toEqual(['old', 'new']);
        expect(await at(backend.now())).toEqual([]);
      });

      it('at the end of what was read is the end', async () => {
        await backend.put(shard, ['a', 'b']);
        const { cursors } = await readOn(shard, await begin(shard));
        expect(cursors.at(-1)).toBe(await source.cursorAt(shard, { at: 'end' }, signal));
      });
    });

    describe('an end cursor', () => {
      it.each([1, 100])(
        'is where reading ends, however many are asked for at a time (%i)',
        async (countMax) => {
          for (const lines of [['a', 'b'], ['c'], ['d']]) await backend.put(shard, lines);
          const cursors = (await readOn(shard, await begin(shard), { countMax: 1 })).cursors;
          for (const [from, start] of cursors.entries()) {
            for (const endCursor of cursors.slice(from)) {
              const whole = (await readOn(shard, start, { countMax })).lines;
              const after = (await readOn(shard, endCursor, { countMax })).lines;
              const reading = await readOn(shard, start, { countMax, endCursor });
              expect(reading.lines).toEqual(whole.slice(0, whole.length - after.length));
              expect(reading.cursors.at(-1)).toBe(endCursor);
            }
          }
        },
      );

      it('is the end also where something was put behind it', async () => {
        await backend.put(shard, ['a']);
        const endCursor = await source.cursorAt(shard, { at: 'end' }, signal);
        const start = await begin(shard);
        await backend.put(shard, ['b']);
        expect((await readOn(shard, start, { endCursor })).lines).toEqual(['a']);
        expect(await pull(shard, endCursor, { endCursor })).toMatchObject({ empty: true, endOfShard: true });
      });
    });

    describe('an end in time', () => {
      it.each([0, 500])('is before everything received since (at %i ms of a second)', async (withinMs) => {
        await backend.put(shard, ['a']);
        await backend.put(shard, ['b']);
        await backend.advance(60_000);
        const endAtMs = Math.ceil(backend.now() / 1000) * 1000 + withinMs;
        await backend.advance(120_000);
        await backend.put(shard, ['c']);
        const endCursor = await source.cursorAt(shard, { at: 'time', unixMs: endAtMs }, signal);
        const reading = await readOn(shard, await begin(shard), { countMax: 1, endCursor, endAtMs });
        expect(reading.lines).toEqual(['a', 'b']);
        expect(reading.pulls.at(-1)).toMatchObject({ endOfShard: true, caughtUp: true });
      });

      it('ends a shard without records', async () => {
        await backend.advance(60_000);
        const endAtMs = backend.now() - 30_000;
        const endCursor = await source.cursorAt(shard, { at: 'time', unixMs: endAtMs }, signal);
        const reading = await readOn(shard, await begin(shard), { endCursor, endAtMs });
        expect(reading.lines).toEqual([]);
      });
    });

    describe('a shard that was split', () => {
      let children: string[];

      beforeEach(async () => {
        await backend.put(shard, ['a']);
        await backend.put(shard, ['b']);
        children = await backend.split(shard);
      });

      it('is closed, and the parent of two open ones', async () => {
        const shards = await source.listShards(signal);
        expect(children).toHaveLength(2);
        expect(byId(shards)).toEqual(
          byId([
            { id: shard, state: 'closed', parents: [] },
            { id: other, state: 'open', parents: [] },
            ...children.map((id) => ({ id, state: 'open' as const, parents: [shard] })),
          ]),
        );
      });

      it('still gives its records, and ends only after the last', async () => {
        const reading = await readOn(shard, await begin(shard), { countMax: 1, closed: true });
        expect(reading.lines).toEqual(['a', 'b']);
        const ends = reading.pulls.map(({ endOfShard }) => endOfShard);
        expect(ends).toEqual([...ends.slice(1).fill(false), true]);
        expect(reading.pulls.at(-1)!.empty).toBe(true);
      });

      it('does not end for a reader who listed it before the split', async () => {
        const { cursors } = await readOn(shard, await begin(shard));
        expect((await pull(shard, cursors.at(-1)!)).endOfShard).toBe(false);
        expect((await pull(shard, cursors.at(-1)!, { closed: true })).endOfShard).toBe(true);
      });

      it('gives nothing of what came later: its children do', async () => {
        for (const child of children) await backend.put(child, [`in ${child}`]);
        expect((await readOn(shard, await begin(shard), { closed: true })).lines).toEqual(['a', 'b']);
        for (const child of children) {
          expect((await readOn(child, await begin(child))).lines).toEqual([`in ${child}`]);
        }
      });

      it('is not the parent of its grandchildren', async () => {
        const grandchildren = await backend.split(children[0]!);
        const parents = new Map((await source.listShards(signal)).map(({ id, parents }) => [id, parents]));
        for (const grandchild of grandchildren) expect(parents.get(grandchild)).toEqual([children[0]]);
      });
    });

    describe('shards that were merged', () => {
      it('are closed, and the parents of one open shard', async () => {
        const { parents, child } = await backend.merge(shard);
        expect(new Set(parents)).toEqual(new Set([shard, other]));
        const shards = new Map((await source.listShards(signal)).map((listed) => [listed.id, listed]));
        for (const parent of parents) expect(shards.get(parent)!.state).toBe('closed');
        expect(shards.get(child)!.state).toBe('open');
        expect(new Set(shards.get(child)!.parents)).toEqual(new Set(parents));
      });

      it('end at once if they have no records', async () => {
        const { parents } = await backend.merge(shard);
        for (const parent of parents) {
          const pulled = await pull(parent, await begin(parent), { closed: true });
          expect(pulled).toMatchObject({ empty: true, endOfShard: true, caughtUp: true, lagMs: 0 });
        }
      });

      it('may be split again, and that child is the only parent', async () => {
        const { child } = await backend.merge(shard);
        const grandchildren = await backend.split(child);
        const shards = await source.listShards(signal);
        for (const id of grandchildren) {
          expect(shards.find((listed) => listed.id === id)!.parents).toEqual([child]);
        }
      });
    });

    describe('what cannot be done', () => {
      const refused = { name: 'SourceError', retriable: false };

      it('is an error that no repetition mends: a shard that is not there', async () => {
        const cursor = await begin(shard);
        await expect(begin('987654')).rejects.toMatchObject(refused);
        await expect(pull('987654', cursor)).rejects.toMatchObject(refused);
      });

      it('is an error that no repetition mends: a cursor that is none', async () => {
        await expect(pull(shard, 'not a cursor')).rejects.toMatchObject(refused);
      });

      it('is not tried once the signal has aborted', async () => {
        const reason = new Error('deadline');
        const aborted = AbortSignal.abort(reason);
        const cursor = await begin(shard);
        const request = { shard, cursor, closed: false, countMax: 1, signal: aborted };
        await expect(source.listShards(aborted)).rejects.toBe(reason);
        await expect(source.cursorAt(shard, { at: 'begin' }, aborted)).rejects.toBe(reason);
        await expect(source.pull(request)).rejects.toBe(reason);
      });
    });
  });
}

interface Reading {
  lines: string[];
  /** One more than pulls: where each began, and where the last one ended. */
  cursors: string[];
  pulls: Pulled[];
}

function linesOf(pulled: Pulled): string[] {
  const lines = [...pulled.records].map((record) => record.get('line')!);
  expect(pulled.empty).toBe(lines.length === 0);
  return lines;
}

function byId<T extends { id: string }>(shards: T[]): T[] {
  return [...shards].sort((a, b) => a.id.localeCompare(b.id));
}
