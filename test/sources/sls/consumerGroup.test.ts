import { describe, expect, it } from 'vitest';
import { createSlsClient } from '../../../lib/sources/sls/client.ts';
import {
  createSlsConsumerGroup,
  type SlsConsumerGroupOptions,
} from '../../../lib/sources/sls/consumerGroup.ts';
import { createSlsWriter } from '../../../local/clients/sls/writer.ts';
import { startSls } from '../../../local/sls/service.ts';
import { describeServiceGroup } from '../../conformance/serviceGroup.ts';
import { createCountingRandom, createManualClock } from '../../support/clock.ts';
import {
  CREDENTIALS,
  optionsFor,
  type Reply,
  refusal,
  type ScriptedServer,
  serve,
  signal,
} from './support.ts';

const SETTINGS = { logstore: 'orders', group: 'billing', sessionTimeoutMs: 120_000, order: true };

describeServiceGroup('sls', async () => {
  const clock = createManualClock();
  const service = await startSls({ accounts: [CREDENTIALS], clock });
  service.createProject('shop');
  service.createLogstore('shop', 'orders', { shards: 2 });
  const options = {
    endpoint: service.url,
    project: 'shop',
    region: 'local',
    credentials: () => CREDENTIALS,
    clock,
    random: createCountingRandom(),
    ...SETTINGS,
  };
  const client = createSlsClient(options);
  const writer = createSlsWriter(options);
  return {
    serviceGroup: createSlsConsumerGroup(options),
    sessionTimeoutMs: SETTINGS.sessionTimeoutMs,
    groupWith: (sessionTimeoutMs) => createSlsConsumerGroup({ ...options, sessionTimeoutMs }),
    waits: true,
    fenced: true,
    reportsWhen: true,
    async cursors(shard) {
      const begin = await client.getCursor(shard, 'begin', signal);
      for (const hashKey of ['0', '8'].map((digit) => digit.padEnd(32, '0'))) {
        await writer.putLogs({ logs: [{ timeMs: 0, fields: { a: 'b' } }] }, { hashKey }, signal);
      }
      return { begin, end: await client.getCursor(shard, 'end', signal) };
    },
    advance: clock.advance,
    closeAll: service.close,
  };
});

const groupOf = (server: ScriptedServer, given: Partial<SlsConsumerGroupOptions> = {}) =>
  createSlsConsumerGroup({ ...optionsFor(server), ...SETTINGS, ...given });
const answer = (value: unknown): Reply => ({ body: JSON.stringify(value) });
const DONE: Reply = { body: '' };
const sent = (server: ScriptedServer) =>
  server.received.map(({ method, path, body }) => `${method} ${path} ${body.toString()}`.trim());

describe('joining an SLS group', () => {
  it('makes it with the session timeout in seconds', async () => {
    const server = await serve(answer([]), DONE);
    await groupOf(server).join(signal);
    expect(sent(server)).toEqual([
      'GET /logstores/orders/consumergroups',
      'POST /logstores/orders/consumergroups {"consumerGroup":"billing","timeout":120,"order":true}',
    ]);
  });

  it('leaves one alone that is as wanted', async () => {
    const server = await serve(answer([{ name: 'billing', timeout: 120, order: true }]));
    await groupOf(server).join(signal);
    expect(server.received).toHaveLength(1);
  });

  it.each([
    [{ timeout: 60, order: false }, 60_000],
    [{ timeout: 60, order: true }, 60_000],
    [{ timeout: 120, order: false }, undefined],
    [{ order: true }, undefined],
  ])('changes one that is not (%j), and says what its timeout was', async (theirs, theirsMs) => {
    const server = await serve(answer([{ name: 'billing', ...theirs }]), DONE);
    const changes: unknown[] = [];
    await groupOf(server, { onChange: (...change) => void changes.push(change) }).join(signal);
    expect(sent(server)[1]).toBe('PUT /logstores/orders/consumergroups/billing {"timeout":120,"order":true}');
    expect(changes).toEqual([['updated', theirsMs]]);
  });

  it('finds it among entries that are none', async () => {
    const server = await serve(answer([null, 7, 'x', { name: 'billing', timeout: 120, order: true }]));
    await groupOf(server).join(signal);
    expect(server.received).toHaveLength(1);
  });

  it('takes ConsumerGroupAlreadyExist for somebody who was faster', async () => {
    const server = await serve(answer([]), refusal(400, 'ConsumerGroupAlreadyExist'));
    await expect(groupOf(server).join(signal)).resolves.toBeUndefined();
  });

  it('says when the logstore has too many groups', async () => {
    const server = await serve(answer([]), refusal(403, 'ConsumerGroupQuotaExceed'));
    await expect(groupOf(server).join(signal)).rejects.toMatchObject({ code: 'ConsumerGroupQuotaExceed' });
  });
});

describe('a heartbeat of SLS', () => {
  it('is a bare array of shard numbers both ways', async () => {
    const server = await serve(answer([0, 1]));
    const heard = await groupOf(server).heartbeat('consumer-0', ['0', '1'], signal);
    expect(heard).toEqual({ known: true, assigned: ['0', '1'] });
    expect(server.received[0]).toMatchObject({
      path: '/logstores/orders/consumergroups/billing',
      query: { type: 'heartbeat', consumer: 'consumer-0' },
    });
    expect(server.received[0]!.body.toString()).toBe('[0,1]');
  });

  it('of a slot that the service has dropped is answered so, and is no error', async () => {
    const server = await serve(refusal(400, 'NotExistConsumerWithBody'));
    expect(await groupOf(server).heartbeat('consumer-0', ['0'], signal)).toEqual({ known: false });
  });

  it('makes a group that has vanished once, loudly, and gives up if that is of no use', async () => {
    const vanished = refusal(404, 'ConsumerGroupNotExist');
    const server = await serve(vanished, DONE, answer([3]));
    const changes: string[] = [];
    const group = groupOf(server, { onChange: (change) => void changes.push(change) });
    expect(await group.heartbeat('consumer-0', [], signal)).toEqual({ known: true, assigned: ['3'] });
    expect(changes).toEqual(['recreated']);

    const gone = await serve(vanished, DONE, vanished);
    await expect(groupOf(gone).heartbeat('consumer-0', [], signal)).rejects.toMatchObject({
      code: 'ConsumerGroupNotExist',
    });
    expect(gone.received).toHaveLength(3);
  });

  it('may name a shard twice', async () => {
    const server = await serve(answer([1, 0, 1]));
    const heard = await groupOf(server).heartbeat('consumer-0', [], signal);
    expect(heard).toEqual({ known: true, assigned: ['1', '0'] });
  });

  it.each([
    { shards: [0, 1] },
    null,
    [0, 'x'],
    ['0'],
    [-1],
    [1.5],
    [2 ** 31],
    [1e300],
    [null],
    [[0]],
    [{ shard: 0 }],
    [true],
    Array.from({ length: 10_001 }, (_, index) => index),
  ])('that is no list of shards is an unusable answer: %j', async (value) => {
    const server = await serve(answer(value));
    await expect(groupOf(server).heartbeat('consumer-0', [], signal)).rejects.toMatchObject({
      name: 'SourceError',
      code: 'BadResponse',
      retriable: true,
    });
  });
});

describe('a checkpoint of SLS', () => {
  const commit = async (server: Parameters<typeof groupOf>[0], cursor: string): Promise<unknown> =>
    (await groupOf(server).commit('consumer-0', new Map([['7', cursor]]), signal)).get('7');

  it('is not forced', async () => {
    const server = await serve(DONE);
    expect(await commit(server, 'MQ==')).toBe('committed');
    expect(server.received[0]!.query).toEqual({
      type: 'checkpoint',
      consumer: 'consumer-0',
      forceSuccess: 'false',
    });
    expect(server.received[0]!.body.toString()).toBe('{"shard":7,"checkpoint":"MQ=="}');
  });

  it.each([
    'ConsumerNotExist',
    'ConsumerNotExsit',
    'ConsumerNotMatch',
    'ShardNotExist',
    'ShardNotExsit',
    'shardnotexist',
    'ConsumerGroupNotExist',
  ])('refused with %s is not ours', async (code) => {
    const server = await serve(refusal(404, code));
    expect(await commit(server, 'MQ==')).toBe('notOwner');
  });

  it('refused for anything else is an error', async () => {
    const server = await serve(refusal(400, 'InvalidShardCheckPoint'));
    expect(await commit(server, '?')).toMatchObject({ error: { code: 'InvalidShardCheckPoint' } });
  });

  it.each([
    null,
    7,
    { checkpoint: 'MQ==' },
    { shard: 'x', checkpoint: 'MQ==' },
    { shard: -1, checkpoint: 'MQ==' },
    { shard: 0.5, checkpoint: 'MQ==' },
    { shard: 0, checkpoint: 7 },
    { shard: 0, checkpoint: { cursor: 'MQ==' } },
  ])('of no shard, or that is no text, is an unusable answer: %j', async (entry) => {
    const server = await serve(answer([entry]));
    await expect(groupOf(server).checkpoints(signal)).rejects.toMatchObject({
      code: 'BadResponse',
      retriable: true,
    });
  });

  it('that is empty is none, and its time is in microseconds', async () => {
    const server = await serve(
      answer([
        { shard: 0, checkpoint: 'MQ==', updateTime: 1_524_224_984_800_922, consumer: 'c1' },
        { shard: 1, checkpoint: '', updateTime: 0, consumer: '' },
      ]),
    );
    const group = groupOf(server);
    expect(await group.checkpoints(signal)).toEqual(new Map([['0', 'MQ==']]));
    expect(await group.status(signal)).toEqual([
      { shard: '0', consumer: 'c1', cursor: 'MQ==', updatedAt: 1_524_224_984_800 },
      { shard: '1', consumer: undefined, cursor: undefined, updatedAt: undefined },
    ]);
  });
});
