import { strict as assert } from 'node:assert';
import type { LogRecord, Pulled, PullRequest, Source, SourceShard } from '../../sources/source.ts';

/** A service with one stream of two empty, open shards, and a driver for it. */
export interface SourceBackend {
  source: Source;
  /** Appends one record for each line to an open shard, in one request; the text is in the field `line`. */
  put(shard: string, lines: string[]): void | Promise<void>;
  /** Closes a shard and opens two in its place; gives their ids. For the cases that need it. */
  split?(shard: string): Promise<string[]> | string[];
  /** Closes a shard and its neighbour and opens one in their place. For the cases that need it. */
  merge?(shard: string): Promise<Merged> | Merged;
  /** What the service takes for the time, milliseconds since 1970. */
  now(): number;
  /** Lets time pass at the service. */
  advance(durationMs: number): void | Promise<void>;
}

/** What a merge has made. */
export interface Merged {
  parents: string[];
  child: string;
}

/** One thing that every driver must do: plain data, for any test runner. */
export interface SourceCase {
  /** A sentence about the source. */
  readonly name: string;
  /** What the backend has to offer beyond the rest, if anything. */
  readonly needs?: 'split' | 'merge';
  /** Rejects with an AssertionError if the source behaves otherwise. Each run needs a backend of its own. */
  run(backend: SourceBackend): Promise<void>;
}

export const signal: AbortSignal = new AbortController().signal;

/** More pulls than any case here needs. */
const PULLS_MAX = 50;

export interface Reading {
  lines: string[];
  /** One more than pulls: where each began, and where the last one ended. */
  cursors: string[];
  pulls: Pulled[];
}

type More = Partial<
  Pick<PullRequest, 'countMax' | 'bytesMax' | 'closed' | 'shardName' | 'endCursor' | 'endAtMs'>
>;

/** What a case works with: the backend's two shards, and short ways to read them. */
export async function stageOf(backend: SourceBackend) {
  const { source } = backend;
  const listed = await source.listShards(signal);
  assert.equal(listed.length, 2, 'the backend must have two shards');
  const [shard, other] = listed.map(({ id }) => id) as [string, string];
  const cursorAt = (id: string, at: 'begin' | 'end') => source.cursorAt(id, { at }, signal);
  const begin = (id: string) => cursorAt(id, 'begin');
  const pull = (id: string, cursor: string, more: More = {}) =>
    source.pull({ shard: id, cursor, countMax: 100, closed: false, signal, ...more });

  /** Pulls until the driver says that nothing more is there. */
  const readOn = async (id: string, from: string, more: More = {}): Promise<Reading> => {
    const reading: Reading = { lines: [], cursors: [from], pulls: [] };
    while (reading.pulls.length < PULLS_MAX) {
      const pulled = await pull(id, reading.cursors.at(-1)!, more);
      reading.pulls.push(pulled);
      reading.lines.push(...linesOf(pulled));
      reading.cursors.push(pulled.nextCursor);
      const untilEnd = more.closed || more.endCursor !== undefined;
      if (untilEnd ? pulled.endOfShard : pulled.caughtUp) return reading;
    }
    return assert.fail(`no end after ${PULLS_MAX} pulls`);
  };
  const read = async (id: string, more?: More) => readOn(id, await begin(id), more);
  return { ...backend, listed, shard, other, cursorAt, begin, pull, readOn, read };
}

export type SourceStage = Awaited<ReturnType<typeof stageOf>>;

/** A case of a fresh stage. */
export const sourceCase = (
  name: string,
  run: (stage: SourceStage) => Promise<void>,
  needs?: SourceCase['needs'],
): SourceCase => ({
  name,
  ...(needs && { needs }),
  run: async (backend) => run(await stageOf(backend)),
});

export function linesOf(pulled: Pulled): string[] {
  const lines = [...pulled.records].map((record: LogRecord) => record.get('line')!);
  assert.equal(pulled.count, lines.length, 'count says how many records there are');
  return lines;
}

/** The fields that are named, as a case states them. */
export function assertMatches<T extends object>(actual: T, expected: Partial<T>): void {
  const named = Object.keys(expected) as (keyof T)[];
  assert.deepEqual(Object.fromEntries(named.map((field) => [field, actual[field]])), expected);
}

export const byId = (shards: readonly SourceShard[]): SourceShard[] =>
  [...shards].sort((a, b) => (a.id < b.id ? -1 : 1));
