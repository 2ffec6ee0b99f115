import assert from 'node:assert/strict';
import type { ClsGolden } from '../../golden/golden.ts';
import { type Driver, run } from '../driver.ts';
import { connect, startStage, TOPICS } from './stage.ts';

const [ORDERS, AUDIT] = TOPICS;
const WHOLE = ['0', 'f'] as const;
const LOWER = ['0', '8'] as const;
const UPPER = ['8', 'f'] as const;

/** What `api` calls, in this order, and the answers. */
const ANSWERS: readonly (readonly [operation: string, answer: unknown])[] = [
  ['CreateLogset', true],
  ['CreateLogset again', { code: 'InvalidParameter.LogsetConflict' }],
  ['DescribeLogsets', ['interop']],
  ['CreateTopic', true],
  ['CreateTopic of two partitions', true],
  [
    'DescribeTopics',
    [
      ['orders', 1],
      ['audit', 2],
    ],
  ],
  ['DescribePartitions', [partition(1, 'readwrite', LOWER), partition(2, 'readwrite', UPPER)]],
  ['CreateConsumerGroup', 'billing'],
  ['CreateConsumerGroup again', { code: 'FailedOperation' }],
  ['ModifyConsumerGroup', null],
  ['DescribeConsumerGroups', [['billing', 30, [ORDERS, AUDIT]]]],
  ['SendConsumerHeartbeat', { [ORDERS]: [1], [AUDIT]: [1, 2] }],
  ['CommitConsumerOffsets of many', null],
  ['DescribeConsumerOffsets of all', { [ORDERS]: { 1: 5 }, [AUDIT]: { 1: 6, 2: 7 } }],
  ['DescribeConsumerOffsets of a topic', { [AUDIT]: { 1: 6, 2: 7 } }],
  ['DescribeConsumerOffsets of a partition', { [AUDIT]: { 2: 7 } }],
  ['CommitConsumerOffsets of many, one wrong', { code: 'ResourceNotFound.PartitionNotExist' }],
  ['DescribeConsumerOffsets after that', { [ORDERS]: { 1: 5 }, [AUDIT]: { 1: 6, 2: 7 } }],
  ['DeleteConsumerGroup in use', { code: 'OperationDenied' }],
  [
    'SplitPartition',
    [partition(1, 'readonly', WHOLE), partition(2, 'readwrite', LOWER), partition(3, 'readwrite', UPPER)],
  ],
  ['SendConsumerHeartbeat after the split', { [ORDERS]: [1, 2, 3], [AUDIT]: [1, 2] }],
  [
    'MergePartition',
    [partition(2, 'readonly', LOWER), partition(3, 'readonly', UPPER), partition(4, 'readwrite', WHOLE)],
  ],
  [
    'DescribePartitions after all',
    [
      partition(1, 'readonly', WHOLE),
      partition(2, 'readonly', LOWER),
      partition(3, 'readonly', UPPER),
      partition(4, 'readwrite', WHOLE),
    ],
  ],
  ['a wrong secret', { code: 'AuthFailure.SignatureFailure' }],
  ['an action that is not there', { code: 'InvalidAction' }],
];

/** Calls what the SDK generated for API 3.0 has of it, on a service where there is nothing yet. */
export async function callGenerated(driver: Driver): Promise<ClsGolden> {
  await using stage = await startStage();
  assert.deepEqual(await run(driver, 'api', connect(stage.url)), ANSWERS);
  return stage.golden(driver.client);
}

/** Of a range of keys, the first digits. */
function partition(id: number, status: string, [begin, end]: readonly [string, string]) {
  const key = (digit: string): string => digit.padEnd(32, digit === 'f' ? 'f' : '0');
  return [id, status, key(begin), key(end)];
}
