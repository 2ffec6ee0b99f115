import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { lz4Decompress } from '../../../lib/sources/logs/lz4.ts';
import { encodeLogGroups } from '../../../local/clients/cls/logGroup.ts';
import { type ClsWriter, createClsWriter } from '../../../local/clients/cls/writer.ts';
import {
  controlRefusal,
  controlReply,
  optionsFor,
  type ScriptedServer,
  serve,
  signal,
  TOPIC,
} from '../../sources/cls/support.ts';

const writerOf = (server: ScriptedServer) => createClsWriter(optionsFor(server));
const PARTITION = { PartitionId: 1, Status: 'readonly', InclusiveBeginKey: '0000', ExclusiveEndKey: 'ffff' };

/** What is sent for each change of partitions. */
const CHANGES: Record<string, { call: (writer: ClsWriter) => Promise<unknown>; body: string }> = {
  SplitPartition: {
    call: (writer) => writer.splitPartition({ topic: TOPIC, partition: 1 }, { count: 3 }, signal),
    body: `{"TopicId":"${TOPIC}","PartitionId":1,"Number":3}`,
  },
  MergePartition: {
    call: (writer) => writer.mergePartition({ topic: TOPIC, partition: 1 }, signal),
    body: `{"TopicId":"${TOPIC}","PartitionId":1}`,
  },
};

describe.each(Object.entries(CHANGES))('%s', (action, { call, body }) => {
  test('is sent as the API has it, and answers with the partitions involved', async () => {
    const server = await serve(controlReply({ Partitions: [PARTITION] }));
    const partitions = [{ id: 1, status: 'readonly', beginKey: '0000', endKey: 'ffff' }];
    expect(await call(writerOf(server))).toEqual(partitions);
    expect(server.received[0]!.headers['x-tc-action']).toBe(action);
    expect(server.received[0]!.body.toString()).toBe(body);
  });

  test('is not repeated when it may have happened', async () => {
    const server = await serve(controlRefusal('InternalError'));
    await expect(call(writerOf(server))).rejects.toMatchObject({ code: 'InternalError' });
    expect(server.received).toHaveLength(1);
  });
});

test('SplitPartition may be told the key', async () => {
  const server = await serve(controlReply({ Partitions: [PARTITION] }));
  await writerOf(server).splitPartition({ topic: TOPIC, partition: 1 }, { key: '7fff' }, signal);
  expect(JSON.parse(server.received[0]!.body.toString())).toEqual({
    TopicId: TOPIC,
    PartitionId: 1,
    SplitKey: '7fff',
    Number: 2,
  });
});

describe('PutLogs', () => {
  const groups = [
    { source: 'host', logs: [{ timeMs: 1_763_700_000_000, fields: { line: 'a'.repeat(100) } }] },
  ];
  const raw = Buffer.from(encodeLogGroups(groups));
  const unlz4 = (block: Uint8Array): Uint8Array => lz4Decompress(block, raw.length);

  test.each([
    { compression: undefined, header: 'lz4', decompress: unlz4 },
    { compression: 'lz4', header: 'lz4', decompress: unlz4 },
    { compression: 'zstd', header: 'zstd', decompress: zlib.zstdDecompressSync },
    { compression: 'deflate', header: 'deflate', decompress: zlib.inflateRawSync },
    { compression: 'none', header: undefined, decompress: (body: Uint8Array) => body },
  ] as const)('sends its groups compressed: $compression', async ({ compression, header, decompress }) => {
    const server = await serve({});
    await writerOf(server).putLogs(TOPIC, groups, { compression, hashKey: '7f' }, signal);
    const [request] = server.received;
    expect(request).toMatchObject({ method: 'POST', path: '/structuredlog', query: { topic_id: TOPIC } });
    expect(request!.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'x-cls-hashkey': '7f',
    });
    expect(request!.headers['x-cls-compress-type']).toBe(header);
    expect(Buffer.from(decompress(request!.body))).toEqual(raw);
  });

  test('takes a list that is encoded already', async () => {
    const server = await serve({});
    await writerOf(server).putLogs(TOPIC, raw, { compression: 'none' }, signal);
    expect(server.received[0]!.body).toEqual(raw);
    expect(server.received[0]!.headers).not.toHaveProperty('x-cls-hashkey');
  });

  test('is repeated when it may have happened only if duplicates are allowed', async () => {
    const failing = await serve({ status: 500 });
    await expect(writerOf(failing).putLogs(TOPIC, raw, {}, signal)).rejects.toMatchObject({
      retriable: true,
    });
    expect(failing.received).toHaveLength(1);
    const server = await serve({ status: 500 }, {});
    await writerOf(server).putLogs(TOPIC, raw, { duplicatesAllowed: true }, signal);
    expect(server.received).toHaveLength(2);
  });
});
