import { describe, expect, it } from 'vitest';
import { createMemorySource, type SourceBackend, sourceCases } from '../../lib/testing.ts';
import { createManualClock } from '../support/clock.ts';

function memoryBackend(): Required<SourceBackend> {
  const clock = createManualClock();
  const source = createMemorySource({ shards: ['0', '1'], now: clock.now });
  let shards = 2;
  const others: Record<string, string> = { 0: '1', 1: '0' };
  return {
    source,
    put: (shard, lines) => source.append(shard, ...lines.map((line) => ({ line }))),
    split: (shard) => {
      const children = [String(shards++), String(shards++)];
      source.replace([shard], children);
      return children;
    },
    merge: (shard) => {
      const merged = { parents: [shard, others[shard]!], child: String(shards++) };
      source.replace(merged.parents, [merged.child]);
      return merged;
    },
    now: clock.now,
    advance: clock.advance,
  };
}

describe('the source in memory', () => {
  it.each(sourceCases(memoryBackend()))('$name', async ({ run }) => {
    await run(memoryBackend());
  });
});

describe('the cases of a source', () => {
  const cases = sourceCases(memoryBackend());

  it('have names of their own', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  it('leave out what a stream does not have', () => {
    const { split, merge } = memoryBackend();
    const count = (offers: Parameters<typeof sourceCases>[0]): number => sourceCases(offers).length;
    expect([count({}), count({ merge }), count({ split })]).toEqual([
      cases.filter(({ needs }) => needs === undefined).length,
      cases.filter(({ needs }) => needs === undefined).length,
      cases.filter(({ needs }) => needs !== 'merge').length,
    ]);
    expect(count({})).toBeGreaterThan(15);
    expect(count({ split })).toBeGreaterThan(count({}));
  });

  /** What a careless driver gets wrong, and how many cases notice. */
  const careless: [string, (source: SourceBackend['source']) => Partial<SourceBackend['source']>][] = [
    [
      'loses the last record of an answer',
      ({ pull }) => ({
        pull: async (request) => {
          const pulled = await pull(request);
          return { ...pulled, records: [...pulled.records].slice(0, -1) };
        },
      }),
    ],
    [
      'says that a shard has ended which is open',
      ({ pull }) => ({
        pull: async (request) => ({ ...(await pull(request)), endOfShard: true }),
      }),
    ],
    [
      'reads beyond the end cursor',
      ({ pull }) => ({
        pull: ({ endCursor: _end, ...request }) => pull(request),
      }),
    ],
    [
      'names records by their place in the answer',
      ({ pull }) => ({
        pull: async (request) => {
          const pulled = await pull(request);
          const records = Array.from(pulled.records, (record, index) => ({
            ...record,
            id: `${request.shardName ?? request.shard}/${index}`,
          }));
          return { ...pulled, records };
        },
      }),
    ],
    [
      'does not name records',
      ({ pull }) => ({
        pull: async (request) => {
          const pulled = await pull(request);
          return {
            ...pulled,
            records: Array.from(pulled.records, (record) => ({ ...record, id: undefined })),
          };
        },
      }),
    ],
    [
      'names the shard in ids as it likes',
      ({ pull }) => ({
        pull: ({ shardName: _name, ...request }) => pull(request),
      }),
    ],
    [
      'gives its pairs but once',
      ({ pull }) => ({
        pull: async (request) => {
          const pulled = await pull(request);
          const records = Array.from(pulled.records, (record) => {
            const pairs = record.pairs();
            return { ...record, pairs: () => pairs };
          });
          return { ...pulled, records };
        },
      }),
    ],
    [
      'miscounts its records',
      ({ pull }) => ({
        pull: async (request) => {
          const pulled = await pull(request);
          return { ...pulled, count: Math.min(pulled.count, 1) };
        },
      }),
    ],
    [
      'is caught up too early',
      ({ pull }) => ({
        pull: async (request) => ({ ...(await pull(request)), caughtUp: true }),
      }),
    ],
    [
      'takes every position for the begin',
      ({ cursorAt }) => ({
        cursorAt: (shard, _position, signal) => cursorAt(shard, { at: 'begin' }, signal),
      }),
    ],
    [
      'lists no parents',
      ({ listShards }) => ({
        listShards: async (signal) => (await listShards(signal)).map((shard) => ({ ...shard, parents: [] })),
      }),
    ],
    [
      'does not hear its signal',
      ({ listShards }) => ({
        listShards: () => listShards(new AbortController().signal),
      }),
    ],
    [
      'throws errors of its own',
      ({ pull }) => ({
        pull: (request) => pull(request).catch((error) => Promise.reject(new Error(error.message))),
      }),
    ],
  ];

  it.each(careless)('notice a source that %s', async (_what, spoil) => {
    const outcomes = await Promise.allSettled(
      cases.map(({ run }) => {
        const backend = memoryBackend();
        return run({ ...backend, source: { ...backend.source, ...spoil(backend.source) } });
      }),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.map((error) => error.name)).toContain('AssertionError');
  });
});
