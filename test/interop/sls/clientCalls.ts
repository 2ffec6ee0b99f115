import assert from 'node:assert/strict';
import type { Golden } from '../../golden/golden.ts';
import { type Driver, run } from '../driver.ts';
import { connect, type Signature, startStage } from './stage.ts';

/** What `calls` of either driver calls, in this order, and what SLS documents to be the answer. */
const ANSWERS: readonly (readonly [operation: string, answer: unknown])[] = [
  ['CreateProject', null],
  ['GetProject', 'interop'],
  ['CreateLogStore', null],
  ['CreateLogStore again', refusal(400, 'LogStoreAlreadyExist')],
  ['GetLogStore', ['orders', 7, 2]],
  ['ListLogStores', ['orders']],
  ['ListShards', [shard(0, 'readwrite', '0', '8'), shard(1, 'readwrite', '8', 'f')]],
  ['PutLogs by key', null],
  ['PutLogs uncompressed', null],
  ['PutLogs', null],
  ['PutLogs in turn', null],
  // Cursors are told by their distance from another one.
  ['GetCursor', 2],
  ['GetCursor by time', 2],
  ['GetCursorTime', true],
  ['PullLogs', [1, firstGroup()]],
  ['PullLogs to the end', [2, [...firstGroup(), record(1_700_000_003, { order: '4' })]]],
  ['PullLogs at the end', [0, []]],
  ['PullLogs with an end', [1, [record(1_700_000_002, { order: '3' })]]],
  ['PullLogs beyond the end', refusal(400, 'InvalidCursor')],
  ['PullLogs without a cursor', refusal(400, 'ParameterInvalid')],
  ['CreateConsumerGroup', null],
  ['CreateConsumerGroup again', refusal(400, 'ConsumerGroupAlreadyExist')],
  ['ListConsumerGroup', [['billing', 60, true]]],
  ['UpdateConsumerGroup', null],
  ['ListConsumerGroup updated', [['billing', 30, true]]],
  ['HeartBeat of nobody', refusal(400, 'NotExistConsumerWithBody')],
  ['HeartBeat to join', [0, 1]],
  ['HeartBeat', [0, 1]],
  ['HeartBeat of a second one', []],
  ['HeartBeat told to give up', [0]],
  ['HeartBeat too early', []],
  ['HeartBeat given up', [0]],
  ['HeartBeat handed over', [1]],
  [
    'GetCheckPoint of nothing',
    [
      [0, '', ''],
      [1, '', ''],
    ],
  ],
  ['UpdateCheckPoint', null],
  ['GetCheckPoint', [2]],
  ["UpdateCheckPoint of another's shard", refusal(400, 'ConsumerNotMatch')],
  ['UpdateCheckPoint of nobody', refusal(404, 'ConsumerNotExist')],
  ['UpdateCheckPoint of no shard', refusal(404, 'ShardNotExist')],
  ['UpdateCheckPoint to nonsense', refusal(400, 'InvalidShardCheckPoint')],
  ['UpdateCheckPoint by force', null],
  [
    'SplitShard',
    [shard(0, 'readonly', '0', '8'), shard(2, 'readwrite', '0', '4'), shard(3, 'readwrite', '4', '8')],
  ],
  ['HeartBeat after the split', [2, 3]],
  [
    'MergeShards',
    [shard(4, 'readwrite', '0', '8'), shard(2, 'readonly', '0', '4'), shard(3, 'readonly', '4', '8')],
  ],
  [
    'ListShards after all',
    [
      shard(0, 'readonly', '0', '8'),
      shard(1, 'readwrite', '8', 'f'),
      shard(2, 'readonly', '0', '4'),
      shard(3, 'readonly', '4', '8'),
      shard(4, 'readwrite', '0', '8'),
    ],
  ],
  ['DeleteConsumerGroup', null],
  ['ListConsumerGroup deleted', []],
  ['HeartBeat of no group', refusal(404, 'ConsumerGroupNotExist')],
  ['GetCursor of no shard', refusal(400, 'ShardNotExist')],
  ['ListShards of no logstore', refusal(404, 'LogStoreNotExist')],
  ['ListShards of no project', refusal(404, 'ProjectNotExist')],
];

/** Calls every operation once with an SDK, on a service where there is nothing yet. */
export async function callEverything(driver: Driver, signature: Signature): Promise<Golden> {
  await using stage = await startStage();
  const lines = await run(driver, 'calls', connect(stage.url, signature));
  assert.deepEqual(lines, ANSWERS);
  return stage.golden(driver.client);
}

function refusal(status: number, code: string) {
  return { status, code };
}

/** Of a range of keys, the first digits. */
function shard(id: number, status: string, begin: string, end: string) {
  const key = (digit: string): string => digit.padEnd(32, digit === 'f' ? 'f' : '0');
  return [id, status, key(begin), key(end)];
}

function firstGroup() {
  const group = ['orders', '192.0.2.1', { host: 'web-1' }] as const;
  return [
    [...group, 1_700_000_000, { order: '1', customer: 'Zoë 李' }],
    [...group, 1_700_000_001, { order: '2', note: '' }],
  ];
}

function record(timeSec: number, fields: Record<string, string>) {
  return ['', '192.0.2.1', {}, timeSec, fields];
}
