import { describe, expect, test } from 'vitest';
import { combineSources } from '../../lib/sources/combined.ts';
import { createMemorySource } from '../support/memorySource.ts';

const { signal } = new AbortController();

function setUp() {
  const orders = { ...createMemorySource(['0', 'a:1']), tags: { source: 'memory', stream: 'orders' } };
  const audit = { ...createMemorySource(['0']), tags: { source: 'memory', stream: 'audit' } };
  return { orders, audit, combined: combineSources({ orders, audit }) };
}

describe('several streams as one source', () => {
  test('list their shards under their names, parents too, whatever stands in an id', async () => {
    const { orders, combined } = setUp();
    orders.replace(['a:1'], ['2']);
    expect(await combined.listShards(signal)).toEqual([
      { id: 'audit:0', state: 'open', parents: [] },
      { id: 'orders:0', state: 'open', parents: [] },
      { id: 'orders:a:1', state: 'closed', parents: [] },
      { id: 'orders:2', state: 'open', parents: ['orders:a:1'] },
    ]);
  });

  test('are asked each for its own shards, by the ids it knows', async () => {
    const { orders, audit, combined } = setUp();
    orders.append('a:1', 'x');
    audit.append('0', 'y', 'z');
    const shards = ['orders:a:1', 'audit:0', 'orders:0'];
    expect(await Promise.all(shards.map((shard) => combined.cursorAt(shard, { at: 'end' }, signal)))).toEqual(
      ['1', '2', '0'],
    );
    const request = { shard: 'audit:0', cursor: '0', closed: false, countMax: 9, signal };
    const pulled = await combined.pull(request);
    expect([...pulled.records].map((record) => record.get('content'))).toEqual(['y', 'z']);
    expect(audit.pulls).toMatchObject([{ shard: '0', cursor: '0' }]);
    expect(orders.pulls).toEqual([]);
  });

  test('are kept each as long as its own source says, where that tells', async () => {
    const { orders, audit } = setUp();
    expect(combineSources({ orders, audit })).not.toHaveProperty('retentionMs');
    const telling = combineSources({
      orders: { ...orders, retentionMs: async (shard) => (shard === 'a:1' ? 7 : 8) },
      audit: { ...audit, retentionMs: async () => 9 },
    });
    const told = ['orders:a:1', 'audit:0'].map((shard) => telling.retentionMs?.(shard, signal));
    expect(await Promise.all(told)).toEqual([7, 9]);
  });

  test('have the tags that all share, and each shard those of its stream', () => {
    const { combined } = setUp();
    expect(combined.kind).toBe('memory');
    expect(combined.tags).toEqual({ source: 'memory' });
    expect(combined.tagsOf?.('orders:a:1')).toEqual({ source: 'memory', stream: 'orders' });
    expect(combined.tagsOf?.('audit:0')).toEqual({ source: 'memory', stream: 'audit' });
  });

  test('tell no list at all when one of them cannot: its shards would seem to be gone', async () => {
    const { audit, combined } = setUp();
    audit.listShards = () => Promise.reject(new Error('no answer'));
    await expect(combined.listShards(signal)).rejects.toThrow('no answer');
  });

  test('are listed each on its own, where that is asked for: one that fails or hangs holds up no other', async () => {
    const { orders, audit, combined } = setUp();
    const error = new Error('no answer');
    audit.listShards = () => Promise.reject(error);
    const named = (await orders.listShards(signal)).map((shard) => ({ ...shard, id: `orders:${shard.id}` }));
    expect(await combined.listStreams!(signal)).toEqual([
      { stream: 'audit', error },
      { stream: 'orders', shards: named },
    ]);
    audit.listShards = () => new Promise(() => {});
    const stop = new AbortController();
    const asked = combined.listStreams!(stop.signal);
    await new Promise(setImmediate);
    stop.abort(error);
    expect(await asked).toEqual([
      { stream: 'audit', error },
      { stream: 'orders', shards: named },
    ]);
  });

  test.each(['logs:0', 'orders', ':0', '', 'toString:0'])('do not know the shard %j', async (shard) => {
    const { combined } = setUp();
    const refused = { name: 'SourceError', code: 'ShardNotExist', retriable: false };
    const request = { shard, cursor: '0', closed: false, countMax: 9, signal };
    await expect(combined.pull(request)).rejects.toMatchObject(refused);
    await expect(combined.cursorAt(shard, { at: 'end' }, signal)).rejects.toMatchObject(refused);
  });

  test('measure distances as one of them does, if they do', () => {
    const { orders, combined } = setUp();
    expect(combined).not.toHaveProperty('distance');
    const measuring = { ...orders, distance: (from: string, to: string) => Number(to) - Number(from) };
    expect(combineSources({ measuring }).distance?.('2', '5')).toBe(3);
  });

  test('are named without colons, of one kind, and at least one', () => {
    const { orders } = setUp();
    expect(() => combineSources({})).toThrow('nothing to combine');
    expect(() => combineSources({ 'a:b': orders })).toThrow('cannot be combined');
    expect(() => combineSources({ a: orders, b: { ...orders, kind: 'other' } })).toThrow(
      'cannot be combined',
    );
  });
});
