import { describe, expect, it } from 'vitest';
import { listAll, toListing } from '../../lib/group/listing.ts';
import type { SourceShard } from '../../lib/sources/source.ts';

const open = (id: string): SourceShard => ({ id, state: 'open', parents: [] });
const never = () => new Promise<never>(() => {});

describe('a list that is waited for', () => {
  it('no longer than asking lasts, also of a source that does not listen', async () => {
    const asking = new AbortController();
    const listing = listAll({ listShards: never }, asking.signal, { signal: new AbortController().signal });
    asking.abort(new Error('the time is over'));
    expect((await listing).unlisted).toEqual(new Map([['', new Error('the time is over')]]));
  });

  it('is no list when the caller has no time left', async () => {
    const ended = new AbortController();
    const listing = listAll({ listShards: never }, ended.signal, { signal: ended.signal });
    ended.abort(new Error('the tick is over'));
    await expect(listing).rejects.toThrow('the tick is over');
  });
});

describe('of which stream a shard is', () => {
  it('is told by its name where there are several', () => {
    const listing = toListing([{ stream: 'orders', shards: [open('orders:0')] }], true);
    expect(['orders:1', 'audit:0'].map(listing.isForeign)).toEqual([false, true]);
    expect(['orders:1', 'audit:0'].map(listing.covers)).toEqual([true, false]);
  });

  it('is no question where there is one, whatever its shards are called', () => {
    const listing = toListing([{ stream: '', shards: [open('topic:0')] }], false);
    expect(listing.isForeign('topic:1')).toBe(false);
    expect(listing.covers('topic:1')).toBe(true);
  });
});
