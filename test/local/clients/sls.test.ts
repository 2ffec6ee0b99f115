import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { lz4Decompress } from '../../../lib/sources/logs/lz4.ts';
import { encodeLogGroup } from '../../../local/clients/sls/logGroup.ts';
import { createSlsWriter } from '../../../local/clients/sls/writer.ts';
import { optionsFor, refusal, type ScriptedServer, serve, signal } from '../../sources/sls/support.ts';

const writerOf = (server: ScriptedServer) => createSlsWriter({ ...optionsFor(server), logstore: 'orders' });

describe('putting logs', () => {
  const logs = { topic: 't', logs: [{ timeMs: 5000, fields: { line: 'x'.repeat(500) } }] };
  const raw = encodeLogGroup(logs);

  test.each([
    { compression: undefined, type: 'zstd', unpack: (body: Buffer) => zlib.zstdDecompressSync(body) },
    { compression: 'lz4', type: 'lz4', unpack: (body: Buffer) => lz4Decompress(body, raw.length) },
    { compression: 'none', type: undefined, unpack: (body: Buffer) => body },
  ] as const)('sends them compressed as asked: $compression', async ({ compression, type, unpack }) => {
    const server = await serve({});
    await writerOf(server).putLogs(logs, compression === undefined ? {} : { compression }, signal);
    const { method, path, headers, body } = server.received[0]!;
    expect([method, path]).toEqual(['POST', '/logstores/orders/shards/lb']);
    expect(headers['content-type']).toBe('application/x-protobuf');
    expect(headers['x-log-bodyrawsize']).toBe(String(raw.length));
    expect(headers['x-log-compresstype']).toBe(type);
    expect(Buffer.from(unpack(body))).toEqual(raw);
  });

  test('sends them to the shard of a hash key', async () => {
    const server = await serve({});
    await writerOf(server).putLogs(raw, { hashKey: '0f'.repeat(16), compression: 'none' }, signal);
    const { path, query, body } = server.received[0]!;
    expect(path).toBe('/logstores/orders/shards/route');
    expect(query).toEqual({ key: '0f'.repeat(16) });
    expect(body).toEqual(Buffer.from(raw));
  });

  test('repeats an unanswered put only where duplicates are allowed', async () => {
    const busy = refusal(503, 'ServerBusy');
    const careful = await serve(busy, {});
    await expect(writerOf(careful).putLogs(logs, {}, signal)).rejects.toMatchObject({ code: 'ServerBusy' });
    const careless = await serve(busy, {});
    await writerOf(careless).putLogs(logs, { duplicatesAllowed: true }, signal);
    expect([careful.received.length, careless.received.length]).toEqual([1, 2]);
  });
});

describe('changing shards and logstores', () => {
  test('splits, merges and creates as the API wants', async () => {
    const server = await serve({ body: '[]' });
    const writer = writerOf(server);
    await writer.splitShard('3', '8'.padEnd(32, '0'), signal);
    await writer.mergeShards('4', signal);
    await writer.createLogStore({ ttlDays: 7, shardCount: 2 }, signal);
    await writer.createProject('for tests', signal);
    const sent = server.received.map(({ method, path, query, body }) => ({
      call: `${method} ${path}`,
      query,
      body: body.toString(),
    }));
    expect(sent).toEqual([
      {
        call: 'POST /logstores/orders/shards/3',
        query: { action: 'split', key: '8'.padEnd(32, '0') },
        body: '',
      },
      { call: 'POST /logstores/orders/shards/4', query: { action: 'merge' }, body: '' },
      { call: 'POST /logstores', query: {}, body: '{"logstoreName":"orders","ttl":7,"shardCount":2}' },
      { call: 'POST /', query: {}, body: '{"projectName":"shop","description":"for tests"}' },
    ]);
  });
});
