import { describe, expect, test } from 'vitest';
import type { ClsClient } from '../../../lib/sources/cls/client.ts';
import {
  clientOf,
  controlReply,
  LOGSET,
  messageOf,
  pulled,
  type Reply,
  serve,
  signal,
  TOPIC,
} from './support.ts';

const OTHER = '33333333-3333-4333-8333-333333333333';
/** Beyond what a number holds exactly. */
const FAR = '9223372036854775807';
const PARTITIONS = {
  Partitions: [
    {
      PartitionId: 1,
      Status: 'readonly',
      InclusiveBeginKey: '0000',
      ExclusiveEndKey: 'ffff',
      CreateTime: '2019-01-14 19:19:41',
      LastWriteTime: null,
    },
  ],
};
const partitions = [{ id: 1, status: 'readonly', beginKey: '0000', endKey: 'ffff' }];
const settings = { group: 'g', topics: [TOPIC, OTHER], timeoutSec: 40 };

/** What is sent for each operation of the control plane, and what its answer becomes. */
const OPERATIONS: Record<
  string,
  { call: (client: ClsClient) => Promise<unknown>; body: string; answer?: object; gives?: unknown }
> = {
  CreateConsumerGroup: {
    call: (client) => client.createConsumerGroup(settings, signal),
    body: `{"LogsetId":"${LOGSET}","ConsumerGroup":"g","Timeout":40,"Topics":["${TOPIC}","${OTHER}"]}`,
  },
  ModifyConsumerGroup: {
    call: (client) => client.modifyConsumerGroup(settings, signal),
    body: `{"LogsetId":"${LOGSET}","ConsumerGroup":"g","Timeout":40,"Topics":["${TOPIC}","${OTHER}"]}`,
  },
  DeleteConsumerGroup: {
    call: (client) => client.deleteConsumerGroup('g', signal),
    body: `{"LogsetId":"${LOGSET}","ConsumerGroup":"g"}`,
  },
  DescribeConsumerGroups: {
    call: (client) => client.describeConsumerGroups(signal),
    body: `{"LogsetId":"${LOGSET}"}`,
    answer: { ConsumerGroupsInfo: [{ ConsumerGroup: 'test-123', Timeout: 1, Topics: [TOPIC] }] },
    gives: [{ group: 'test-123', timeoutSec: 1, topics: [TOPIC] }],
  },
  SendConsumerHeartbeat: {
    call: (client) =>
      client.sendConsumerHeartbeat(
        {
          group: 'g',
          consumer: 'c-0',
          topics: [TOPIC, OTHER],
          holding: [
            { topic: OTHER, partition: 1 },
            { topic: OTHER, partition: 2 },
          ],
        },
        signal,
      ),
    body: `{"LogsetId":"${LOGSET}","ConsumerGroup":"g","Consumer":"c-0","TopicPartitionsInfo":[{"TopicID":"${OTHER}","Partitions":[1,2]},{"TopicID":"${TOPIC}","Partitions":[]}],"PartitionStrategy":2}`,
    answer: {
      TopicPartitionsInfo: [
        { TopicID: TOPIC, Partitions: [3] },
        { TopicID: OTHER, Partitions: null },
      ],
    },
    gives: [{ topic: TOPIC, partition: 3 }],
  },
  DescribeConsumerOffsets: {
    call: (client) =>
      client.describeConsumerOffsets({ group: 'g', from: 1_709_708_964, topic: TOPIC, partition: 0 }, signal),
    body: `{"LogsetId":"${LOGSET}","ConsumerGroup":"g","From":"1709708964","TopicId":"${TOPIC}","PartitionId":"0"}`,
    answer: {
      TopicPartitionOffsetsInfo: [
        {
          TopicID: TOPIC,
          PartitionOffsets: [
            { PartitionId: 0, Offset: BigInt(FAR) },
            { PartitionId: 1, Offset: -1 },
          ],
        },
      ],
    },
    gives: [
      { topic: TOPIC, partition: 0, offset: FAR },
      { topic: TOPIC, partition: 1, offset: '-1' },
    ],
  },
  CommitConsumerOffsets: {
    call: (client) =>
      client.commitConsumerOffsets(
        {
          group: 'g',
          consumer: 'c-0',
          offsets: [
            { topic: TOPIC, partition: 1, offset: FAR },
            { topic: OTHER, partition: 1, offset: '0' },
            { topic: TOPIC, partition: 2, offset: '7' },
          ],
        },
        signal,
      ),
    body: `{"LogsetId":"${LOGSET}","ConsumerGroup":"g","Consumer":"c-0","TopicPartitionOffsetsInfo":[{"TopicID":"${TOPIC}","PartitionOffsets":[{"PartitionId":1,"Offset":${FAR}},{"PartitionId":2,"Offset":7}]},{"TopicID":"${OTHER}","PartitionOffsets":[{"PartitionId":1,"Offset":0}]}]}`,
  },
  DescribePartitions: {
    call: (client) => client.describePartitions(TOPIC, signal),
    body: `{"TopicId":"${TOPIC}"}`,
    answer: PARTITIONS,
    gives: partitions,
  },
};

describe.each(Object.entries(OPERATIONS))('%s', (action, { call, body, answer = {}, gives }) => {
  test('is sent and read as the API has it', async () => {
    const server = await serve(controlReply(answer as Record<string, unknown>));
    expect(await call(clientOf(server))).toEqual(gives);
    expect(server.received[0]!.headers['x-tc-action']).toBe(action);
    expect(server.received[0]!.body.toString()).toBe(body);
  });

  test('rejects with what stands in the answer, of which nothing else is then believed', async () => {
    const error = { Error: { Code: 'InvalidParameter', Message: 'no' } };
    const server = await serve(controlReply({ ...answer, ...error }));
    await expect(call(clientOf(server))).rejects.toMatchObject({
      code: 'InvalidParameter',
      retriable: false,
    });
  });
});

test.each(Object.entries(OPERATIONS).filter(([, { gives }]) => gives !== undefined))(
  '%s rejects an answer without what was asked for',
  async (_action, { call }) => {
    const server = await serve(controlReply({}));
    await expect(call(clientOf(server))).rejects.toMatchObject({ code: 'BadResponse', retriable: true });
  },
);

test('DescribeConsumerOffsets may ask about everything', async () => {
  const server = await serve(controlReply({ TopicPartitionOffsetsInfo: null }));
  expect(await clientOf(server).describeConsumerOffsets({ group: 'g', from: 'begin' }, signal)).toEqual([]);
  expect(server.received[0]!.body.toString()).toBe(
    `{"LogsetId":"${LOGSET}","ConsumerGroup":"g","From":"begin"}`,
  );
});

test.each([
  {
    action: 'DescribePartitions',
    answer: { Partitions: [{ ...PARTITIONS.Partitions[0], PartitionId: '1' }] },
  },
  { action: 'DescribePartitions', answer: { Partitions: [null] } },
  { action: 'DescribeConsumerGroups', answer: { ConsumerGroupsInfo: [{ ConsumerGroup: 'g', Topics: [] }] } },
  {
    action: 'SendConsumerHeartbeat',
    answer: { TopicPartitionsInfo: [{ TopicID: TOPIC, Partitions: [1.5] }] },
  },
  { action: 'SendConsumerHeartbeat', answer: { TopicPartitionsInfo: [{ Partitions: [1] }] } },
  ...[1.5, '1', null, 2n ** 63n].map((Offset) => ({
    action: 'DescribeConsumerOffsets',
    answer: {
      TopicPartitionOffsetsInfo: [{ TopicID: TOPIC, PartitionOffsets: [{ PartitionId: 1, Offset }] }],
    },
  })),
])('$action is not misread: $answer', async ({ action, answer }) => {
  const server = await serve(controlReply(answer));
  await expect(OPERATIONS[action]!.call(clientOf(server))).rejects.toMatchObject({ code: 'BadResponse' });
});

describe('PullLogs', () => {
  const from = { topic: TOPIC, partition: 3, offset: FAR, bytesMax: 4_000_000 };

  test('asks from an exact offset on, in JSON', async () => {
    const server = await serve(pulled({ NextOffset: 7, Message: null }));
    await clientOf(server).pullLogs(from, signal);
    const [request] = server.received;
    expect(request).toMatchObject({ method: 'POST', path: '/pull_log', query: { topic_id: TOPIC } });
    expect(request!.headers['content-type']).toBe('application/json');
    expect(request!.body.toString()).toBe(
      `{"StartOffset":${FAR},"StartTime":0,"Size":4000000,"CompressType":"snappy","PartitionId":3}`,
    );
  });

  test('sends an end time and a filter where there are any', async () => {
    const server = await serve(pulled({ NextOffset: 7, Message: null }));
    const query = 'log_keep(op_gt(v("status"), 400))';
    await clientOf(server).pullLogs({ ...from, endTimeSec: 1_763_700_000, query }, signal);
    expect(JSON.parse(server.received[0]!.body.toString())).toMatchObject({
      EndTime: 1_763_700_000,
      Query: query,
    });
  });

  test('gives the messages as they come, and the exact offset after them', async () => {
    const date = 'Fri, 21 Nov 2025 04:40:00 GMT';
    const message = messageOf('a');
    const server = await serve(pulled({ NextOffset: BigInt(FAR) - 1n, Message: [message] }, { date }));
    expect(await clientOf(server).pullLogs(from, signal)).toEqual({
      messages: [message],
      nextOffset: BigInt(FAR) - 1n,
      bytes: JSON.stringify({ Response: { NextOffset: 0, Message: [message] } }).length + FAR.length - 1,
      answeredMs: Date.parse(date),
      requestId: 'REQUEST-1',
    });
  });

  test.each([{}, { NextOffset: null, Message: null }])(
    'gives no offset where none is told: %j',
    async (answer) => {
      const server = await serve(pulled(answer));
      expect(await clientOf(server).pullLogs(from, signal)).toMatchObject({
        messages: [],
        nextOffset: undefined,
      });
    },
  );

  test.each([
    { name: 'is not compressed as was asked for', reply: { body: 'no snappy block' } },
    { name: 'is no JSON', reply: pulledRaw('no JSON') },
    { name: 'is without a response', reply: pulledRaw('{}') },
    { name: 'has an offset with a fraction', reply: pulled({ NextOffset: 1.5 }) },
    { name: 'has an offset of more than 64 bits', reply: pulled({ NextOffset: 2n ** 63n }) },
    { name: 'has messages that are no list', reply: pulled({ NextOffset: 1, Message: 'a' }) },
    { name: 'has messages that are no texts', reply: pulled({ NextOffset: 1, Message: [1] }) },
  ])('refuses an answer that $name', async ({ reply }) => {
    const server = await serve(reply);
    await expect(clientOf(server).pullLogs(from, signal)).rejects.toMatchObject({
      code: 'BadResponse',
      retriable: true,
    });
  });

  test.each([
    { name: 'compressed', reply: pulled({ Error: { Code: 'InternalError', Message: 'm' }, RequestId: 'R' }) },
    { name: 'plain', reply: { body: '{"errorcode":"InternalError","errormessage":"m"}' } },
  ])('finds an error in an answer with status 200, $name', async ({ reply }) => {
    const server = await serve(reply);
    await expect(clientOf(server).pullLogs(from, signal)).rejects.toMatchObject({
      code: 'InternalError',
      retriable: true,
    });
  });

  function pulledRaw(text: string): Reply {
    return { body: Buffer.concat([Buffer.from([text.length, (text.length - 1) << 2]), Buffer.from(text)]) };
  }
});
