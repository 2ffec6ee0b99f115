import assert from 'node:assert/strict';
import type { ClsGolden } from '../../golden/golden.ts';
import { type Driver, run } from '../driver.ts';
import { connect, startStage, TOPICS } from './stage.ts';

const [ORDERS, AUDIT] = TOPICS;

/** What `calls` calls, in this order, and the answers. Of an offset its distance from another one is told. */
const ANSWERS: readonly (readonly [operation: string, answer: unknown])[] = [
  ['CreateConsumerGroup', null],
  ['CreateConsumerGroup again', refusal(200, 'FailedOperation')],
  ['DescribeConsumerGroups', [['billing', 60, [ORDERS]]]],
  ['ModifyConsumerGroup', null],
  ['DescribeConsumerGroups of the other topic', [['billing', 30, [ORDERS, AUDIT]]]],
  ['PutLogs', null],
  ['PutLogs of two groups', null],
  ['PutLogs, the id of the request', 36],
  ['PutLogs of nothing', refusal(400, 'MissingContent')],
  ['DescribeConsumerOffsets', 3],
  ['DescribeConsumerOffsets by time', 0],
  ['DescribeConsumerOffsets by a time to come', 3],
  ['PullLogs', [3, [...firstGroup(), record(2, '3'), record(3, '4')]]],
  ['PullLogs of one group', [1, firstGroup()]],
  ['PullLogs from nowhere', [1, firstGroup()]],
  ['PullLogs at the end', [3, []]],
  ['PullLogs with a filter', [3, [record(2, '3')]]],
  ['PullLogs with an end to come', [3, []]],
  ['PullLogs with an end', [-1, 0]],
  ['PullLogs beyond the end', refusal(400, 'InvalidOffset')],
  ['SendConsumerHeartbeat to join', holds([1], [1, 2])],
  ['SendConsumerHeartbeat', holds([1], [1, 2])],
  ['SendConsumerHeartbeat of a second one', holds([], [])],
  ['SendConsumerHeartbeat told to give up', holds([1], [1])],
  ['SendConsumerHeartbeat too early', holds([], [])],
  ['SendConsumerHeartbeat given up', holds([1], [1])],
  ['SendConsumerHeartbeat handed over', holds([], [2])],
  ['CommitConsumerOffsets', null],
  ['DescribeConsumerOffsets of a checkpoint', [-1, -1]],
  ['DescribeConsumerOffsets of all partitions', [1, 2]],
  ["CommitConsumerOffsets of another's partition", null],
  ['CommitConsumerOffsets of nobody', null],
  ['CommitConsumerOffsets of no offset', null],
  ['CommitConsumerOffsets of no partition', refusal(200, 'ResourceNotFound.PartitionNotExist')],
  ['DescribeConsumerOffsets after all', 0],
  ['DeleteConsumerGroup in use', refusal(200, 'OperationDenied')],
  ['SendConsumerHeartbeat of no group', refusal(200, 'FailedOperation')],
  ['DescribeConsumerGroups of no logset', refusal(200, 'ResourceNotFound.LogsetNotExist')],
  ['CreateConsumerGroup of no topic', refusal(200, 'ResourceNotFound.TopicNotExist')],
  ['DescribeConsumerOffsets of no topic', refusal(200, 'ResourceNotFound.TopicNotExist')],
  ['PutLogs of no topic', refusal(404, 'TopicNotExist')],
  ['PullLogs of no topic', refusal(404, 'TopicNotExist')],
  ['PullLogs of no partition', refusal(404, 'PartitionNotExist')],
];

/** Calls every operation of the SDK of the log service once. */
export async function callEverything(driver: Driver): Promise<ClsGolden> {
  await using stage = await startStage({ partitions: [1, 2] });
  assert.deepEqual(await run(driver, 'calls', connect(stage.url)), ANSWERS);
  return stage.golden(driver.client);
}

function refusal(status: number, code: string) {
  return { status, code };
}

function holds(orders: number[], audit: number[]) {
  return { [ORDERS]: orders, [AUDIT]: audit };
}

/** Put in seconds and in milliseconds: consumers get microseconds. */
function firstGroup() {
  const group = ['web.log', '192.0.2.1', { host: 'web-1' }] as const;
  return [
    [...group, 1_700_000_000_000_000, { order: '1', customer: 'Zoë 李' }],
    [...group, 1_700_000_001_000_000, { order: '2', note: '' }],
  ];
}

function record(second: number, order: string) {
  return ['', '192.0.2.1', {}, (1_700_000_000 + second) * 1_000_000, { order }];
}
