import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPositions } from '../../../lib/sources/cls/positions.ts';
import { createClsSource } from '../../../lib/sources/cls/source.ts';
import { createClsStream } from '../../../lib/sources/cls/stream.ts';
import type { PullRequest } from '../../../lib/sources/source.ts';
import {
  clientOf,
  controlRefusal,
  controlReply,
  dataRefusal,
  LOGSET,
  messageOf,
  pulled,
  type Reply,
  type ScriptedServer,
  serve,
  signal,
  TOPIC,
} from './support.ts';

const GROUP = 'positions';

function sourceOf(server: ScriptedServer, limits: { pullBytesMax?: number; query?: string } = {}) {
  const client = clientOf(server);
  const positions = createPositions({ client, group: GROUP, topics: [TOPIC] });
  return createClsSource({ client, topic: TOPIC, positions, ...limits });
}

const request: PullRequest = { shard: '3', cursor: '100', closed: false, countMax: 100, signal };
const offset = (value: bigint | number, partition = 3): Reply =>
  controlReply({
    TopicPartitionOffsetsInfo: [
      { TopicID: TOPIC, PartitionOffsets: [{ PartitionId: partition, Offset: value }] },
    ],
  });
const nothing = (NextOffset: number | bigint | null | undefined): Reply =>
  pulled({ ...(NextOffset !== undefined && { NextOffset }), Message: null });
const messages = (NextOffset: number | bigint, ...lines: string[]): Reply =>
  pulled({ NextOffset, Message: lines.map((line) => messageOf(line)) });
const bodiesOf = (server: ScriptedServer): Record<string, unknown>[] =>
  server.received.map(({ body }) => JSON.parse(body.toString()));
const actionsOf = (server: ScriptedServer): unknown[] =>
  server.received.map(({ headers, path }) => headers['x-tc-action'] ?? path);
const linesOf = (records: Iterable<{ get(field: string): string | undefined }>) =>
  [...records].map((record) => record.get('line'));

describe('pulling', () => {
  test('asks for the partition’s messages from the cursor on, and gives their records', async () => {
    const server = await serve(pulled({ NextOffset: 102, Message: [messageOf('a', 'b'), messageOf('c')] }));
    const { records, bytes, release, ...rest } = await sourceOf(server).pull(request);
    expect([...records].map((record) => [record.topic, record.timeMs, record.get('line')])).toEqual([
      [TOPIC, 1_763_700_000_123.456, 'a'],
      [TOPIC, 1_763_700_000_123.456, 'b'],
      [TOPIC, 1_763_700_000_123.456, 'c'],
    ]);
    expect(rest).toEqual({
      count: 3,
      nextCursor: '102',
      caughtUp: false,
      endOfShard: false,
      lagMs: expect.any(Number),
    });
    expect(bytes).toBeGreaterThan(300);
    expect(bodiesOf(server)).toEqual([
      { StartOffset: 100, StartTime: 0, Size: 2_097_152, CompressType: 'snappy', PartitionId: 3 },
    ]);
  });

  test('asks for as many bytes as it is told, and says what the service is to leave out', async () => {
    const server = await serve(nothing(100));
    const query = 'log_keep(op_gt(v("status"), 400))';
    await sourceOf(server, { pullBytesMax: 10_485_760, query }).pull(request);
    expect(bodiesOf(server)[0]).toMatchObject({ Size: 10_485_760, Query: query });
  });

  test('asks for no more than there is room for', async () => {
    const server = await serve(nothing(100));
    await sourceOf(server).pull({ ...request, bytesMax: 1_500_000.5 });
    await sourceOf(server).pull({ ...request, bytesMax: 64_000_000 });
    expect(bodiesOf(server).map(({ Size }) => Size)).toEqual([1_500_000, 2_097_152]);
  });

  test('goes through every offset of 64 bits as it is', async () => {
    const cursor = String(2n ** 63n - 2n);
    const server = await serve(messages(2n ** 63n - 1n, 'a'));
    expect(await sourceOf(server).pull({ ...request, cursor })).toMatchObject({
      nextCursor: String(2n ** 63n - 1n),
    });
    expect(server.received[0]!.body.toString()).toContain(`"StartOffset":${cursor},`);
  });

  test.each([
    { says: 'the cursor', next: 100 },
    { says: '0', next: 0 },
    { says: 'less than the cursor', next: 99 },
    { says: 'null', next: null },
    { says: 'nothing', next: undefined },
    { says: '-1, though no end was asked for', next: -1 },
  ])('stays where it is where nothing is there and the next offset is $says', async ({ next }) => {
    const server = await serve(nothing(next));
    expect(await sourceOf(server).pull(request)).toMatchObject({
      count: 0,
      nextCursor: '100',
      caughtUp: true,
      endOfShard: false,
      lagMs: 0,
    });
  });

  test('goes on where the filter left nothing: that is not the end', async () => {
    const server = await serve(nothing(150));
    expect(await sourceOf(server).pull({ ...request, closed: true })).toMatchObject({
      count: 0,
      nextCursor: '150',
      caughtUp: false,
      endOfShard: false,
    });
  });

  test.each([
    { when: 'each message has an offset', next: 102, ids: ['3/100/0', '3/100/1', '3/101/0'] },
    { when: 'the service filters', next: 102, query: 'log_keep(x)', ids: [] },
    { when: 'there are more offsets than messages', next: 103, ids: [] },
    { when: 'there are fewer offsets than messages', next: 101, ids: [] },
  ])('gives its records ids by their messages’ offsets, or none: $when', async ({ next, ids, ...limits }) => {
    const server = await serve(pulled({ NextOffset: next, Message: [messageOf('a', 'b'), messageOf('c')] }));
    const { records } = await sourceOf(server, limits).pull(request);
    expect(Array.from(records, ({ id }) => id)).toEqual(ids.length > 0 ? ids : Array(3).fill(undefined));
  });

  test.each([100, 99, 0, -1])('refuses messages that lead nowhere: next offset %i', async (next) => {
    const server = await serve(messages(next, 'a'));
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({
      code: 'BadResponse',
      retriable: true,
    });
  });

  test('fails at once, not while iterating, on a broken message', async () => {
    const server = await serve(
      pulled({ NextOffset: 102, Message: [messageOf('a'), messageOf('b').slice(0, 100)] }),
    );
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({
      code: 'BadResponse',
      retriable: true,
      requestId: 'REQUEST-1',
    });
  });

  test('reckons the lag by the service’s own clock', async () => {
    // The frames were received at second 1763700000.
    const at = (seconds: number) => ({ date: new Date((1_763_700_000 + seconds) * 1000).toUTCString() });
    const Message = [messageOf('a')];
    const server = await serve(
      pulled({ NextOffset: 101, Message }, at(90)),
      pulled({ NextOffset: 101, Message }, at(-90)),
    );
    expect(await sourceOf(server).pull(request)).toMatchObject({ lagMs: 90_000 });
    expect(await sourceOf(server).pull(request)).toMatchObject({ lagMs: 0 });
  });

  test.each(['', 'x', '-1', '1.5', '1234567890'])('knows no shard %j', async (shard) => {
    const refused = { code: 'ShardNotExist', retriable: false };
    const server = await serve(nothing(100));
    await expect(sourceOf(server).pull({ ...request, shard })).rejects.toMatchObject(refused);
    await expect(sourceOf(server).cursorAt(shard, { at: 'end' }, signal)).rejects.toMatchObject(refused);
    expect(server.received).toEqual([]);
  });
});

describe('a closed partition', () => {
  test('ends where the service says that its end is', async () => {
    const server = await serve(nothing(100), offset(100));
    expect(await sourceOf(server).pull({ ...request, closed: true })).toMatchObject({
      endOfShard: true,
      caughtUp: true,
    });
    expect(actionsOf(server)).toEqual(['/pull_log', 'DescribeConsumerOffsets']);
    expect(bodiesOf(server)[1]).toMatchObject({ ConsumerGroup: GROUP, From: 'end', PartitionId: '3' });
  });

  test('does not end before', async () => {
    const server = await serve(nothing(100), offset(101));
    expect(await sourceOf(server).pull({ ...request, closed: true })).toMatchObject({ endOfShard: false });
  });

  test('is not asked for its end as long as it has messages', async () => {
    const server = await serve(messages(101, 'a'));
    expect(await sourceOf(server).pull({ ...request, closed: true })).toMatchObject({ endOfShard: false });
    expect(server.received).toHaveLength(1);
  });
});

describe('an end', () => {
  const endAtMs = 1_763_700_000_500;

  test('in time is told to the service, in whole seconds that leave nothing out', async () => {
    const server = await serve(messages(101, 'a'));
    expect(await sourceOf(server).pull({ ...request, endAtMs })).toMatchObject({ endOfShard: false });
    expect(bodiesOf(server)[0]).toMatchObject({ EndTime: 1_763_700_001 });
  });

  test('in time is reached where the service says so', async () => {
    const server = await serve(nothing(-1));
    expect(await sourceOf(server).pull({ ...request, endAtMs })).toMatchObject({
      count: 0,
      endOfShard: true,
      caughtUp: true,
      nextCursor: '100',
      lagMs: 0,
    });
    expect(server.received).toHaveLength(1);
  });

  test('in time is not believed alone where the end cursor lies further on', async () => {
    const server = await serve(nothing(-1), messages(110, 'a', 'b'), messages(105, 'a'));
    const { records, ...rest } = await sourceOf(server).pull({ ...request, endAtMs, endCursor: '105' });
    expect(linesOf(records)).toEqual(['a']);
    expect(rest).toMatchObject({ nextCursor: '105', endOfShard: false });
    expect(bodiesOf(server).map(({ EndTime }) => EndTime)).toEqual([1_763_700_001, undefined, undefined]);
  });

  test('in time that comes with messages but no offset after them is not understood', async () => {
    const server = await serve(messages(-1, 'a', 'b'));
    await expect(sourceOf(server).pull({ ...request, endAtMs })).rejects.toMatchObject({
      code: 'BadResponse',
    });
  });

  test.each(['100', '99', '0'])('at or before the cursor (%s) needs no request', async (endCursor) => {
    const server = await serve(nothing(100));
    expect(await sourceOf(server).pull({ ...request, endCursor })).toMatchObject({
      count: 0,
      endOfShard: true,
      nextCursor: '100',
    });
    expect(server.received).toEqual([]);
  });

  test('cuts an answer that goes past it, where its offsets count its messages', async () => {
    const server = await serve(messages(104, 'a', 'b', 'c', 'd'));
    const { records, ...rest } = await sourceOf(server).pull({ ...request, endCursor: '102' });
    expect(linesOf(records)).toEqual(['a', 'b']);
    expect(Array.from(records, ({ id }) => id)).toEqual(['3/100/0', '3/101/0']);
    expect(rest).toMatchObject({ nextCursor: '102', endOfShard: false, count: 2 });
    expect(server.received).toHaveLength(1);
  });

  test('is asked for in smaller pieces where offsets do not count messages', async () => {
    const server = await serve(messages(110, 'a', 'b'), messages(110, 'a', 'b'), messages(105, 'a'));
    const { records, ...rest } = await sourceOf(server).pull({ ...request, endCursor: '105' });
    expect(linesOf(records)).toEqual(['a']);
    expect(rest).toMatchObject({ nextCursor: '105' });
    expect(bodiesOf(server).map(({ Size }) => Size)).toEqual([2_097_152, 524_288, 131_072]);
  });

  test('is overstepped rather than missed, where no piece is small enough', async () => {
    const server = await serve(messages(110, 'a', 'b'));
    const { records, ...rest } = await sourceOf(server).pull({ ...request, endCursor: '105' });
    expect(linesOf(records)).toEqual(['a', 'b']);
    expect(rest).toMatchObject({ nextCursor: '110', endOfShard: false });
    expect(server.received).toHaveLength(6);
  });
});

describe('an offset that is refused', () => {
  const INVALID = dataRefusal(400, 'InvalidOffset');

  test.each(['InvalidOffset', 'invalidoffset', 'InvalidParameter.InvalidOffset'])(
    'as %s is said to have expired where it lies before the partition’s beginning',
    async (code) => {
      const server = await serve(dataRefusal(400, code), offset(101));
      await expect(sourceOf(server).pull(request)).rejects.toMatchObject({
        name: 'SourceError',
        code: 'CursorExpired',
        retriable: false,
        requestId: 'REQUEST-1',
        cause: { code },
      });
      expect(bodiesOf(server)[1]).toMatchObject({ From: 'begin' });
    },
  );

  test.each([100, 50])('is refused for another reason where the partition begins at %i', async (begin) => {
    const server = await serve(INVALID, offset(begin));
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({
      code: 'InvalidOffset',
      retriable: false,
    });
  });

  test('by another code is that error', async () => {
    const server = await serve(dataRefusal(404, 'TopicNotExist'));
    await expect(sourceOf(server).pull(request)).rejects.toMatchObject({ code: 'TopicNotExist' });
    expect(server.received).toHaveLength(1);
  });
});

describe('a position', () => {
  test.each([
    { position: { at: 'begin' }, From: 'begin' },
    { position: { at: 'end' }, From: 'end' },
    { position: { at: 'time', unixMs: 1_763_700_000_999 }, From: '1763700000' },
  ] as const)(
    'is asked for with a group that has committed nothing: $position',
    async ({ position, From }) => {
      const server = await serve(offset(2n ** 53n + 1n));
      expect(await sourceOf(server).cursorAt('3', position, signal)).toBe('9007199254740993');
      expect(actionsOf(server)).toEqual(['DescribeConsumerOffsets']);
      expect(bodiesOf(server)).toEqual([
        { LogsetId: LOGSET, ConsumerGroup: GROUP, From, TopicId: TOPIC, PartitionId: '3' },
      ]);
    },
  );

  test.each([-1, -2])(
    'in a partition that nothing was written to is its first offset (%i)',
    async (value) => {
      const server = await serve(offset(value));
      expect(await sourceOf(server).cursorAt('3', { at: 'begin' }, signal)).toBe('0');
    },
  );

  test.each([
    controlRefusal('FailedOperation', 'consumer group does not exist: positions'),
    controlRefusal('ResourceNotFound.ConsumerGroupNotExist'),
  ])('makes the group if it is not there: $body', async (refusal) => {
    const server = await serve(
      refusal,
      controlReply({ ConsumerGroupsInfo: [] }),
      controlReply({}),
      offset(7),
    );
    expect(await sourceOf(server).cursorAt('3', { at: 'end' }, signal)).toBe('7');
    expect(actionsOf(server)).toEqual([
      'DescribeConsumerOffsets',
      'DescribeConsumerGroups',
      'CreateConsumerGroup',
      'DescribeConsumerOffsets',
    ]);
    expect(bodiesOf(server)[2]).toEqual({
      LogsetId: LOGSET,
      ConsumerGroup: GROUP,
      Timeout: 60,
      Topics: [TOPIC],
    });
  });

  test('minds nobody who made the group meanwhile', async () => {
    const server = await serve(
      controlRefusal('FailedOperation', 'consumer group does not exist: positions'),
      controlReply({ ConsumerGroupsInfo: [] }),
      controlRefusal('FailedOperation', 'consumer group already exists'),
      offset(7),
    );
    expect(await sourceOf(server).cursorAt('3', { at: 'end' }, signal)).toBe('7');
  });

  test.each([
    { name: 'is refused', first: controlRefusal('InvalidParameter', 'the topic is not in the group') },
    { name: 'is left out of the answer', first: controlReply({ TopicPartitionOffsetsInfo: [] }) },
  ])('adds a topic to the group that came later and $name', async ({ first }) => {
    const groups = { ConsumerGroupsInfo: [{ ConsumerGroup: GROUP, Timeout: 60, Topics: ['another'] }] };
    const server = await serve(first, controlReply(groups), controlReply({}), offset(7));
    expect(await sourceOf(server).cursorAt('3', { at: 'end' }, signal)).toBe('7');
    expect(actionsOf(server)[2]).toBe('ModifyConsumerGroup');
    expect(bodiesOf(server)[2]).toMatchObject({ ConsumerGroup: GROUP, Topics: [TOPIC] });
  });

  const WHOLE = { ConsumerGroupsInfo: [{ ConsumerGroup: GROUP, Timeout: 60, Topics: [TOPIC] }] };

  test('is an error where the group is as it should be', async () => {
    const server = await serve(controlRefusal('InvalidParameter'), controlReply(WHOLE));
    await expect(sourceOf(server).cursorAt('3', { at: 'end' }, signal)).rejects.toMatchObject({
      code: 'InvalidParameter',
      retriable: false,
    });
    expect(server.received).toHaveLength(2);
  });

  test('is asked for again where the partition is missing in the answer, and may come later', async () => {
    const server = await serve(offset(7, 4), controlReply(WHOLE), offset(7, 4));
    await expect(sourceOf(server).cursorAt('3', { at: 'end' }, signal)).rejects.toMatchObject({
      code: 'BadResponse',
      retriable: true,
    });
  });

  test('is not taken from an answer that is an error: a throttled question is no beginning', async () => {
    const server = await serve(controlRefusal('RequestLimitExceeded'));
    await expect(sourceOf(server).cursorAt('3', { at: 'end' }, signal)).rejects.toMatchObject({
      code: 'RequestLimitExceeded',
      retriable: true,
    });
    expect(new Set(actionsOf(server))).toEqual(new Set(['DescribeConsumerOffsets']));
  });
});

describe('positions in several partitions at the same time', () => {
  const offsets = (...entries: [PartitionId: number, Offset: number][]): Reply =>
    controlReply({
      TopicPartitionOffsetsInfo: [
        {
          TopicID: TOPIC,
          PartitionOffsets: entries.map(([PartitionId, Offset]) => ({ PartitionId, Offset })),
        },
      ],
    });
  const positionsOf = (server: ScriptedServer, ...shards: string[]): Promise<string[]> => {
    const source = sourceOf(server);
    return Promise.all(shards.map((shard) => source.cursorAt(shard, { at: 'begin' }, signal)));
  };
  const partitionsAsked = (server: ScriptedServer) =>
    bodiesOf(server).flatMap((body, index) =>
      actionsOf(server)[index] === 'DescribeConsumerOffsets' ? [body.PartitionId] : [],
    );

  test('cost one call', async () => {
    const server = await serve(offsets([1, 11], [2, 22], [3, 33]));
    expect(await positionsOf(server, '1', '2', '3')).toEqual(['11', '22', '33']);
    expect(partitionsAsked(server)).toEqual([undefined]);
  });

  test('cost one for each position', async () => {
    const server = await serve(offsets([1, 11], [2, 22]));
    const source = sourceOf(server);
    const at = (shard: string, at: 'begin' | 'end') => source.cursorAt(shard, { at }, signal);
    await Promise.all([at('1', 'begin'), at('2', 'begin'), at('1', 'end'), at('2', 'end')]);
    expect(bodiesOf(server).map(({ From }) => From)).toEqual(['begin', 'end']);
  });

  test('are asked for one by one where the answer leaves some out', async () => {
    const whole = controlReply({
      ConsumerGroupsInfo: [{ ConsumerGroup: GROUP, Timeout: 60, Topics: [TOPIC] }],
    });
    const server = await serve(offsets([1, 11]), whole, offsets([1, 11]), offsets([2, 22]));
    expect(await positionsOf(server, '1', '2')).toEqual(['11', '22']);
    expect(partitionsAsked(server)).toEqual([undefined, undefined, '2']);
  });

  test.each(['InvalidParameter', 'MissingParameter'])(
    'are asked for one by one where the service does not take them together: %s',
    async (code) => {
      const whole = controlReply({
        ConsumerGroupsInfo: [{ ConsumerGroup: GROUP, Timeout: 60, Topics: [TOPIC] }],
      });
      const server = await serve(controlRefusal(code), whole, offsets([1, 11], [2, 22]));
      expect(await positionsOf(server, '1', '2')).toEqual(['11', '22']);
      expect(partitionsAsked(server).slice(1).sort()).toEqual(['1', '2']);
    },
  );
});

describe('the partitions', () => {
  const partition = (
    PartitionId: number,
    Status: string,
    InclusiveBeginKey: string,
    ExclusiveEndKey: string,
  ) => ({
    PartitionId,
    Status,
    InclusiveBeginKey,
    ExclusiveEndKey,
    CreateTime: '2019-01-14 19:25:41',
    LastWriteTime: '2019-01-14 19:33:41',
  });

  test('of the API reference’s split and merge, all made in one second, have their parents', async () => {
    const server = await serve(
      controlReply({
        Partitions: [
          partition(4, 'readwrite', '0000', 'ffff'),
          partition(1, 'readonly', '0000', 'ffff'),
          partition(2, 'readonly', '0000', '7fff'),
          partition(3, 'readonly', '7fff', 'ffff'),
        ],
      }),
    );
    expect(await sourceOf(server).listShards(signal)).toEqual([
      { id: '4', state: 'open', parents: ['2', '3'] },
      { id: '1', state: 'closed', parents: [] },
      { id: '2', state: 'closed', parents: ['1'] },
      { id: '3', state: 'closed', parents: ['1'] },
    ]);
  });
});

describe('a stream', () => {
  test('of one topic names its shards as one of several does', async () => {
    const partitions = {
      Partitions: [{ PartitionId: 1, Status: 'readwrite', InclusiveBeginKey: '0', ExclusiveEndKey: 'f' }],
    };
    const server = await serve(controlReply(partitions));
    const client = clientOf(server);
    const other = '33333333-3333-4333-8333-333333333333';
    const one = createClsStream({ client, topics: [TOPIC], positionsGroup: GROUP });
    const two = createClsStream({ client, topics: [other, TOPIC], positionsGroup: GROUP });
    expect((await one.listShards(signal)).map(({ id }) => id)).toEqual([`${TOPIC}:1`]);
    expect((await two.listShards(signal)).map(({ id }) => id)).toEqual([`${TOPIC}:1`, `${other}:1`]);
    expect(two.tags).toEqual({ source: 'cls', logset: LOGSET });
    expect(one.tags).toEqual({ source: 'cls', logset: LOGSET, topic: TOPIC });
    expect(two.tagsOf!(`${other}:1`)).toEqual({ source: 'cls', logset: LOGSET, topic: other });
  });

  test('makes its group of positions for all of its topics', async () => {
    const other = '33333333-3333-4333-8333-333333333333';
    const server = await serve(
      controlRefusal('FailedOperation', 'consumer group does not exist: positions'),
      controlReply({ ConsumerGroupsInfo: [] }),
      controlReply({}),
      offset(7),
    );
    const stream = createClsStream({
      client: clientOf(server),
      topics: [TOPIC, other],
      positionsGroup: GROUP,
    });
    expect(await stream.cursorAt(`${TOPIC}:3`, { at: 'end' }, signal)).toBe('7');
    expect(bodiesOf(server)[2]).toMatchObject({ Topics: [TOPIC, other] });
  });

  test('reckons distances of any 64 bits without loss', () => {
    const source = sourceOf({ url: 'http://127.0.0.1:1' } as ScriptedServer);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1001n }), fc.nat(1000), (from, count) => {
        expect(source.distance!(String(from), String(from + BigInt(count)))).toBe(count);
      }),
    );
  });
});

describe('the retention', () => {
  const topics = (...found: [id: string, days: unknown][]): Reply =>
    controlReply({
      Topics: found.map(([TopicId, Period]) => ({ TopicId, Period })),
      TotalCount: found.length,
    });

  test.each([
    [30, 30 * 86_400_000],
    [3639, 3639 * 86_400_000],
    [3640, undefined],
  ])('of %d days is the topic’s', async (days, retentionMs) => {
    const server = await serve(topics(['another', 1], [TOPIC, days]));
    expect(await sourceOf(server).retentionMs?.('3', signal)).toBe(retentionMs);
    expect(actionsOf(server)).toEqual(['DescribeTopics']);
    expect(bodiesOf(server)).toEqual([{ Filters: [{ Key: 'topicId', Values: [TOPIC] }], Limit: 1 }]);
  });

  test('must be in the answer', async () => {
    const server = await serve(topics(['another', 1]), topics([TOPIC, '30']));
    for (let time = 0; time < 2; time++) {
      await expect(sourceOf(server).retentionMs?.('3', signal)).rejects.toMatchObject({
        code: 'BadResponse',
      });
    }
  });
});
