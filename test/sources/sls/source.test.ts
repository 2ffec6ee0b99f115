import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createSlsClient } from '../../../lib/sources/sls/client.ts';
import { createSlsSource } from '../../../lib/sources/sls/source.ts';
import { encodeLogGroup, encodeLogGroupList } from '../../../local/clients/sls/logGroup.ts';
import { lz4Compress } from '../../../local/service/lz4.ts';
import { optionsFor, type Reply, refusal, type ScriptedServer, serve, signal } from './support.ts';

const group = (...lines: string[]): Uint8Array =>
  encodeLogGroup({ topic: 'access', logs: lines.map((line) => ({ timeMs: 1000, fields: { line } })) });
const TWO_GROUPS = encodeLogGroupList([group('a', 'b'), group('c')]);

const sourceOf = (server: ScriptedServer, compression?: 'zstd' | 'lz4') =>
  createSlsSource({ ...optionsFor(server), logstore: 'orders', compression });
const clientOf = (server: ScriptedServer) => createSlsClient({ ...optionsFor(server), logstore: 'orders' });
const request = { shard: '7', cursor: 'MQ==', closed: false, countMax: 100, signal };

/** An answer to PullLogs: two groups up to cursor `Mw==`, unless it says otherwise. */
function pulled(headers: Record<string, string> = {}, raw = TWO_GROUPS): Reply {
  const common = { 'x-log-cursor': 'Mw==', 'x-log-count': '2', 'x-log-bodyrawsize': String(raw.length) };
  return { headers: { 'x-log-requestid': 'REQUEST-1', ...common, ...headers }, body: raw };
}

/** Nothing at cursor `MQ==`. */
const nothing = (headers: Record<string, string> = {}): Reply =>
  pulled({ 'x-log-cursor': 'MQ==', 'x-log-count': '0', ...headers }, new Uint8Array(0));

const UNUSABLE = { name: 'SourceError', code: 'BadResponse', retriable: true };

const cursor = (value: string): Reply => ({ body: JSON.stringify({ cursor: value }) });

describe('pulling', () => {
  test('asks for the shard’s groups from the cursor on, and gives their records', async () => {
    const server = await serve(pulled());
    const { records, release, ...rest } = await sourceOf(server).pull(request);
    expect([...records].map((record) => [record.topic, record.get('line')])).toEqual([
      ['access', 'a'],
      ['access', 'b'],
      ['access', 'c'],
    ]);
    expect(rest).toEqual({
      count: 3,
      bytes: TWO_GROUPS.length,
      nextCursor: 'Mw==',
      caughtUp: false,
      endOfShard: false,
      lagMs: undefined,
    });
    expect(server.received[0]).toMatchObject({
      method: 'GET',
      path: '/logstores/orders/shards/7',
      query: { type: 'log', cursor: 'MQ==', count: '100' },
      headers: { accept: 'application/x-protobuf', 'accept-encoding': 'zstd' },
    });
  });

  describe('where there is room for few bytes', () => {
    const large = (count: number, raw = 60_000_000): Reply => ({
      headers: {
        'x-log-requestid': 'REQUEST-1',
        'x-log-cursor': 'Mw==',
        'x-log-count': String(count),
        'x-log-bodyrawsize': String(raw),
      },
      body: TWO_GROUPS,
    });
    const countsOf = (server: ScriptedServer): unknown[] => server.received.map(({ query }) => query.count);

    test('reads no answer that is larger, but asks for as many log groups as fit', async () => {
      const server = await serve(large(100), pulled());
      const { count } = await sourceOf(server).pull({ ...request, bytesMax: 7_000_000 });
      expect([count, ...countsOf(server)]).toEqual([3, '100', '11']);
    });

    test('asks for fewer each time, and at last for one, whatever that takes', async () => {
      const one = pulled({ 'x-log-count': '1', 'x-log-cursor': 'Mg==' }, encodeLogGroupList([group('a')]));
      const server = await serve(large(100), large(11), one);
      const { count } = await sourceOf(server).pull({ ...request, bytesMax: 7_000_000 });
      expect([count, ...countsOf(server)]).toEqual([1, '100', '11', '1']);
    });

    test('asks for no more than fits from then on, by what the shard’s log groups last took', async () => {
      const server = await serve(pulled());
      const source = sourceOf(server);
      const bytesMax = TWO_GROUPS.length * 5;
      for (const shard of ['7', '7', '8']) await source.pull({ ...request, shard, bytesMax });
      expect(countsOf(server)).toEqual(['100', '10', '100']);
    });

    test('leaves it to a request that was refused to say so', async () => {
      const server = await serve(refusal(404, 'ShardNotExist'));
      await expect(sourceOf(server).pull({ ...request, bytesMax: 1 })).rejects.toMatchObject({
        code: 'ShardNotExist',
      });
    });
  });

  const cursorOf = (position: string): string => Buffer.from(position).toString('base64');
  test.each([
    { when: 'its cursors count its groups', from: '1', to: '3', ids: ['7/1/0', '7/1/1', '7/2/0'] },
    {
      when: 'no number holds its cursors',
      ...{ from: '9007199254740993', to: '9007199254740995' },
      ids: ['7/9007199254740993/0', '7/9007199254740993/1', '7/9007199254740994/0'],
    },
    { when: 'its cursors count more', from: '1', to: '4', ids: [] },
    { when: 'its cursors count fewer', from: '1', to: '2', ids: [] },
    { when: 'the service filters by a query', from: '1', to: '3', query: '* | where a', ids: [] },
    { when: 'the service filters by a processor', from: '1', to: '3', processor: 'p', ids: [] },
  ])('gives its records ids by their groups’ positions, or none: $when', async (given) => {
    const { from, to, ids, query, processor } = given;
    const server = await serve(pulled({ 'x-log-cursor': cursorOf(to) }));
    const source = createSlsSource({ ...optionsFor(server), logstore: 'orders', query, processor });
    const { records } = await source.pull({ ...request, cursor: cursorOf(from) });
    expect(Array.from(records, ({ id }) => id)).toEqual(ids.length > 0 ? ids : Array(3).fill(undefined));
  });

  test.each([
    { compression: 'zstd', compress: zlib.zstdCompressSync },
    { compression: 'lz4', compress: lz4Compress },
  ] as const)('asks for $compression, and reads it', async ({ compression, compress }) => {
    const answer = pulled({ 'x-log-compresstype': compression });
    const server = await serve({ ...(answer as object), body: compress(TWO_GROUPS) });
    const { records, bytes } = await sourceOf(server, compression).pull(request);
    expect([...records]).toHaveLength(3);
    expect(bytes).toBe(TWO_GROUPS.length);
    expect(server.received[0]!.headers['accept-encoding']).toBe(compression);
  });

  test('asks for no more groups at a time than the service allows', async () => {
    const server = await serve(pulled());
    await sourceOf(server).pull({ ...request, countMax: 5000 });
    expect(server.received[0]!.query.count).toBe('1000');
  });

  test('takes a raw size of 0 for no records, whatever else is said', async () => {
    const server = await serve(nothing({ 'x-log-compresstype': 'zstd', 'x-log-bodyrawsize': '0' }));
    expect(await sourceOf(server).pull(request)).toMatchObject({ count: 0, bytes: 0, caughtUp: true });
  });

  test('stays where it is if no next cursor is given', async () => {
    const server = await serve(nothing({ 'x-log-cursor': '' }));
    expect(await sourceOf(server).pull(request)).toMatchObject({ nextCursor: 'MQ==', caughtUp: true });
  });

  test('goes on where groups without logs were passed over: that is not the end', async () => {
    const server = await serve(pulled({ 'x-log-count': '1' }, encodeLogGroupList([group()])));
    const pull = await sourceOf(server).pull({ ...request, closed: true });
    expect(pull).toMatchObject({ count: 0, caughtUp: false, endOfShard: false, nextCursor: 'Mw==' });
  });

  test.each([
    { name: 'is cut off', answer: pulled({}, TWO_GROUPS.subarray(0, 20)) },
    { name: 'holds another number of groups', answer: pulled({ 'x-log-count': '3' }) },
    { name: 'is not what its compression says', answer: pulled({ 'x-log-compresstype': 'zstd' }) },
    { name: 'is not what its compression says', answer: pulled({ 'x-log-compresstype': 'lz4' }) },
    {
      name: 'holds more groups than can be asked for',
      answer: pulled({ 'x-log-count': '10001' }, Buffer.alloc(2 * 10_001, Buffer.of(0x0a, 0))),
    },
    { name: 'is compressed in another way', answer: pulled({ 'x-log-compresstype': 'snappy' }) },
    { name: 'has another raw size', answer: pulled({ 'x-log-bodyrawsize': '5' }) },
    {
      name: 'has no raw size',
      answer: pulled({ 'x-log-compresstype': 'lz4', 'x-log-bodyrawsize': 'many' }),
    },
    {
      name: 'unpacks to another raw size',
      answer: {
        ...(pulled({ 'x-log-compresstype': 'zstd', 'x-log-bodyrawsize': '999' }) as object),
        body: zlib.zstdCompressSync(TWO_GROUPS),
      },
    },
  ])('fails at once, not while iterating, on a body that $name', async ({ answer }) => {
    const server = await serve(answer);
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({
      name: 'SourceError',
      code: 'BadResponse',
      retriable: true,
    });
  });

  test('refuses to unpack more than its limit, and does not call that passing', async () => {
    const bomb = Buffer.alloc(2000);
    const headers = { 'x-log-compresstype': 'zstd', 'x-log-bodyrawsize': '2000' };
    const server = await serve({ ...(pulled(headers) as object), body: zlib.zstdCompressSync(bomb) });
    const source = createSlsSource({ ...optionsFor(server), logstore: 'orders', responseBytesMax: 1000 });
    await expect(source.pull(request)).rejects.toMatchObject({
      code: 'BadResponse',
      retriable: false,
      requestId: 'REQUEST-1',
    });
  });

  test('stops unpacking at the size that was announced', async () => {
    const headers = { 'x-log-compresstype': 'zstd', 'x-log-bodyrawsize': '20' };
    const server = await serve({
      ...(pulled(headers) as object),
      body: zlib.zstdCompressSync(Buffer.alloc(100_000)),
    });
    await expect(sourceOf(server).pull(request)).rejects.toThrow('larger than 20 bytes');
  });

  test.each(['x-log-cursor', 'x-log-count', 'x-log-bodyrawsize'])(
    'takes an answer without %s for nobody’s: it is not an empty one',
    async (name) => {
      const { [name]: _left, ...headers } = (nothing() as { headers: Record<string, string> }).headers;
      const server = await serve({ headers, body: '' });
      await expect(sourceOf(server).pull(request)).rejects.toMatchObject(UNUSABLE);
    },
  );

  test.each([
    { name: 'nothing at all', answer: { body: '' } },
    {
      name: 'a page of a proxy',
      answer: { headers: { 'content-type': 'text/html' }, body: '<html>log in</html>' },
    },
    { name: 'JSON', answer: { headers: { 'content-type': 'application/json' }, body: '{}' } },
    { name: 'a count that is none', answer: nothing({ 'x-log-count': '-1' }) },
    { name: 'a count in another way to write it', answer: nothing({ 'x-log-count': '0x0' }) },
    {
      name: 'no groups, of which it counts one',
      answer: nothing({ 'x-log-count': '1', 'x-log-cursor': 'Mg==' }),
    },
    { name: 'groups, of which it counts none', answer: pulled({ 'x-log-count': '0' }) },
    {
      name: 'a body, of which it says that it is none',
      answer: pulled({ 'x-log-bodyrawsize': '0', 'x-log-count': '0' }),
    },
    {
      name: 'a compressed body, of which it says that it is none',
      answer: pulled(
        { 'x-log-bodyrawsize': '0', 'x-log-count': '0', 'x-log-compresstype': 'zstd' },
        Buffer.alloc(100),
      ),
    },
  ])('takes $name for no answer', async ({ answer }) => {
    await expect(sourceOf(await serve(answer)).pull(request)).rejects.toMatchObject(UNUSABLE);
  });

  test.each([
    { name: 'before the one asked for', next: 'MA==' },
    { name: 'that cannot be compared', next: 'bm93aGVyZQ==' },
    { name: 'that is no base64', next: '!!' },
    { name: 'beyond the end asked for', next: 'OQ==', endCursor: 'NQ==' },
  ])('refuses a next cursor $name, whether records came or not', async ({ next, endCursor }) => {
    for (const answer of [pulled({ 'x-log-cursor': next }), nothing({ 'x-log-cursor': next })]) {
      for (const query of [undefined, '*']) {
        const server = await serve(answer);
        const source = createSlsSource({ ...optionsFor(server), logstore: 'orders', query });
        await expect(source.pull({ ...request, endCursor })).rejects.toMatchObject(UNUSABLE);
        expect(server.received).toHaveLength(1);
      }
    }
  });

  test('refuses records without a cursor after them: they would come for ever', async () => {
    const server = await serve(pulled({ 'x-log-cursor': '' }));
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({ code: 'BadResponse' });
  });

  test('passes on what the service refuses', async () => {
    const server = await serve(refusal(400, 'InvalidCursor'));
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({ code: 'InvalidCursor' });
  });
});

describe('a filter', () => {
  const query = "* | where status = '500' and path like '/a&b=%'";
  const filtering = (server: ScriptedServer, filter: { query?: string; processor?: string }) =>
    createSlsSource({ ...optionsFor(server), logstore: 'orders', ...filter });

  test('in SPL is sent as the official SDKs send it', async () => {
    const server = await serve(pulled());
    await filtering(server, { query }).pull(request);
    expect(server.received[0]!.query).toEqual({
      type: 'log',
      cursor: 'MQ==',
      count: '100',
      query,
      pullMode: 'scan_on_stream',
    });
  });

  test('that the project has by name wins over a query', async () => {
    const server = await serve(pulled());
    await filtering(server, { query, processor: 'only-errors' }).pull(request);
    expect(server.received[0]!.query).toEqual({
      type: 'log',
      cursor: 'MQ==',
      count: '100',
      processor: 'only-errors',
    });
  });

  test.each(['query', 'processor'])('that leaves nothing still moves on (%s)', async (name) => {
    const server = await serve(nothing({ 'x-log-cursor': 'OQ==', 'x-log-bodyrawsize': '0' }));
    const pull = await filtering(server, { [name]: 'x' }).pull({ ...request, closed: true });
    expect(pull).toMatchObject({ count: 0, nextCursor: 'OQ==', caughtUp: false, endOfShard: false });
    expect(server.received).toHaveLength(1);
  });

  test('that leaves nothing at the end has caught up', async () => {
    const server = await serve(nothing({ 'x-log-cursor': 'OQ==', 'x-log-end-of-cursor': '1' }));
    expect(await filtering(server, { query }).pull(request)).toMatchObject({
      count: 0,
      nextCursor: 'OQ==',
      caughtUp: true,
      lagMs: 0,
    });
  });

  test('says how much was read for it, and on how many records it failed', async () => {
    const server = await serve(pulled({ 'x-log-rawdatasize': '123456', 'x-log-failedlines': '3' }));
    const { bytes, filtered } = await filtering(server, { query }).pull(request);
    expect({ bytes, filtered }).toEqual({
      bytes: TWO_GROUPS.length,
      filtered: { scannedBytes: 123_456, failed: 3 },
    });
  });

  test('is not there unless asked for', async () => {
    const server = await serve(pulled());
    expect(await sourceOf(server).pull(request)).not.toHaveProperty('filtered');
    expect(Object.keys(server.received[0]!.query)).toEqual(['type', 'cursor', 'count']);
  });
});

describe('the end of a shard', () => {
  const closed = { ...request, closed: true };

  test('is reached if it is closed, nothing came, and the cursor is its end', async () => {
    const server = await serve(nothing(), cursor('MQ=='));
    expect(await sourceOf(server).pull(closed)).toMatchObject({ endOfShard: true, caughtUp: true, lagMs: 0 });
    expect(server.received[1]!.query).toEqual({ type: 'cursor', from: 'end' });
  });

  test('is not reached if its end lies further on', async () => {
    const server = await serve(nothing(), cursor('Mg=='));
    expect(await sourceOf(server).pull(closed)).toMatchObject({ endOfShard: false });
  });

  test('is not asked for while records come', async () => {
    const server = await serve(pulled(), cursor('Mw=='));
    expect(await sourceOf(server).pull(closed)).toMatchObject({ endOfShard: false });
    expect(server.received).toHaveLength(1);
  });

  test('is not asked for while the shard is open', async () => {
    const server = await serve(nothing(), cursor('MQ=='));
    expect(await sourceOf(server).pull(request)).toMatchObject({ endOfShard: false, caughtUp: true });
    expect(server.received).toHaveLength(1);
  });
});

describe('lag', () => {
  const date = 'Fri, 21 Nov 2025 04:40:00 GMT';
  const received = (ageS: number) => String(Date.parse(date) / 1000 - ageS);

  test.each([
    { name: 'the age of what was read', headers: { 'x-log-cursor-time': received(90) }, lagMs: 90_000 },
    {
      name: 'nothing at the end',
      headers: { 'x-log-cursor-time': received(90), 'x-log-end-of-cursor': '1' },
      lagMs: 0,
    },
    {
      name: 'as before where the end is denied',
      headers: { 'x-log-cursor-time': received(90), 'x-log-end-of-cursor': '0' },
      lagMs: 90_000,
    },
    { name: 'never below nothing', headers: { 'x-log-cursor-time': received(-5) }, lagMs: 0 },
    { name: 'unknown where the service says nothing', headers: {}, lagMs: undefined },
    { name: 'unknown where it says nonsense', headers: { 'x-log-cursor-time': 'soon' }, lagMs: undefined },
    { name: 'unknown where it says no time', headers: { 'x-log-cursor-time': '0' }, lagMs: undefined },
    { name: 'unknown where it says an empty time', headers: { 'x-log-cursor-time': '' }, lagMs: undefined },
  ])('is $name', async ({ headers, lagMs }) => {
    const server = await serve(pulled({ date, ...headers } as Record<string, string>));
    expect(await sourceOf(server).pull(request)).toMatchObject({
      lagMs,
      caughtUp: 'x-log-end-of-cursor' in headers && headers['x-log-end-of-cursor'] === '1',
    });
  });
});

describe('a cursor', () => {
  test.each([
    { position: { at: 'begin' }, from: 'begin' },
    { position: { at: 'end' }, from: 'end' },
    { position: { at: 'time', unixMs: 1_700_000_000_999 }, from: '1700000000' },
  ] as const)('for $position is asked for as $from', async ({ position, from }) => {
    const server = await serve(cursor('NDI='));
    expect(await sourceOf(server).cursorAt('7', position, signal)).toBe('NDI=');
    expect(server.received[0]).toMatchObject({
      path: '/logstores/orders/shards/7',
      query: { type: 'cursor', from },
    });
  });

  test.each(['{}', '{"cursor":""}', '{"cursor":7}', '[]', 'null', 'no JSON', ''])(
    'must be in the answer: %j',
    async (body) => {
      const server = await serve({ body });
      await expect(sourceOf(server).cursorAt('7', { at: 'end' }, signal)).rejects.toMatchObject({
        code: 'BadResponse',
      });
    },
  );

  test('has a time', async () => {
    const server = await serve({ body: '{"cursor_time":1554260243}' }, { body: '{}' });
    const client = clientOf(server);
    expect(await client.getCursorTime('7', 'MQ==', signal)).toBe(1_554_260_243);
    expect(server.received[0]!.query).toEqual({ type: 'cursor_time', cursor: 'MQ==' });
    await expect(client.getCursorTime('7', 'MQ==', signal)).rejects.toMatchObject({ code: 'BadResponse' });
  });
});

describe('listing shards', () => {
  const shard = (shardID: number, status: string, begin: string, end: string) => ({
    shardID,
    status,
    inclusiveBeginKey: begin.padEnd(32, '0'),
    exclusiveEndKey: end.padEnd(32, end === 'f' ? 'f' : '0'),
    serverIp: null,
    createTime: 1_524_222_931,
  });

  test('gives their state and what they continue', async () => {
    const shards = [
      shard(0, 'readonly', '0', '8'),
      shard(1, 'readwrite', '8', 'f'),
      shard(2, 'readwrite', '0', '4'),
      shard(3, 'readwrite', '4', '8'),
    ];
    const server = await serve({ body: JSON.stringify(shards) });
    expect(await sourceOf(server).listShards(signal)).toEqual([
      { id: '0', state: 'closed', parents: [] },
      { id: '1', state: 'open', parents: [] },
      { id: '2', state: 'open', parents: ['0'] },
      { id: '3', state: 'open', parents: ['0'] },
    ]);
    expect(server.received[0]).toMatchObject({ method: 'GET', path: '/logstores/orders/shards' });
  });

  test.each(['{}', '[{}]', '[null]', '[{"shardID":"0"}]', 'no JSON'])(
    'fails on what is no list: %j',
    async (body) => {
      const server = await serve({ body });
      await expect(sourceOf(server).listShards(signal)).rejects.toMatchObject({ code: 'BadResponse' });
    },
  );
});

describe('the retention', () => {
  test.each([
    ['7', 7 * 86_400_000],
    ['3649', 3649 * 86_400_000],
    ['3650', undefined],
  ])('of %s days is the logstore’s', async (ttl, retentionMs) => {
    const server = await serve({ body: `{"logstoreName":"orders","ttl":${ttl},"shardCount":2}` });
    expect(await sourceOf(server).retentionMs?.('7', signal)).toBe(retentionMs);
    expect(server.received[0]).toMatchObject({ method: 'GET', path: '/logstores/orders', query: {} });
  });

  test.each(['{}', '{"ttl":"7"}'])('must be in the answer: %s', async (body) => {
    const asking = sourceOf(await serve({ body })).retentionMs?.('7', signal);
    await expect(asking).rejects.toMatchObject({ code: 'BadResponse' });
  });
});

test('a source says which stream it is', async () => {
  const source = sourceOf(await serve({}));
  expect(source.kind).toBe('sls');
  expect(source.tags).toEqual({ source: 'sls', project: 'shop', logstore: 'orders' });
});

test('zstd on a Node without it is refused when the source is made', async () => {
  const server = await serve({});
  const { zstdDecompressSync } = zlib;
  Object.assign(zlib, { zstdDecompressSync: undefined });
  try {
    expect(() => sourceOf(server)).toThrow(expect.objectContaining({ field: 'compression' }));
    sourceOf(server, 'lz4');
  } finally {
    Object.assign(zlib, { zstdDecompressSync });
  }
});

describe('a cursor past the retention', () => {
  const invalid = refusal(400, 'InvalidCursor');

  test('is told from one that never was: it lies before the beginning', async () => {
    const server = await serve(invalid, cursor('OQ=='));
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({
      code: 'CursorExpired',
      retriable: false,
      message: expect.stringMatching(/^shard 7: .*cursor MQ== is past the retention/),
    });
  });

  test.each(['MQ==', 'MA=='])('is not what a cursor at or after the beginning (%s) is', async (begin) => {
    const server = await serve(invalid, cursor(begin));
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({ code: 'InvalidCursor' });
  });

  test('has a distance from where it goes on', async () => {
    const source = sourceOf(await serve());
    expect(source.distance?.('MQ==', 'OQ==')).toBe(8);
    expect(source.distance?.('MQ==', '!')).toBeUndefined();
  });
});

describe('an end cursor', () => {
  test('is passed on, and an empty answer before it is the end', async () => {
    const server = await serve(nothing());
    const pulledLast = await sourceOf(server).pull({ ...request, endCursor: 'NQ==' });
    expect(pulledLast).toMatchObject({ count: 0, endOfShard: true });
    expect(server.received[0]).toMatchObject({ query: { cursor: 'MQ==', end_cursor: 'NQ==' } });
  });

  test.each(['MQ==', 'MA=='])('at or before the cursor (%s) needs no request', async (endCursor) => {
    const server = await serve();
    expect(await sourceOf(server).pull({ ...request, endCursor })).toMatchObject({
      count: 0,
      endOfShard: true,
    });
    expect(server.received).toEqual([]);
  });
});
