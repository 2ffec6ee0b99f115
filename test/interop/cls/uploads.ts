import assert from 'node:assert/strict';
import type { ClsGolden } from '../../golden/golden.ts';
import { type Driver, run } from '../driver.ts';
import { connect, startStage } from './stage.ts';

const BACKGROUND_LOGS = 20;

const ANSWERS = [
  ['PutLogs, lz4', null],
  ['PutLogs, zstd', null],
  ['PutLogs, deflate', null],
  ['PutLogs, not compressible', null],
  ['PutLogs of two groups', null],
  ['PutLogs of no topic', { status: 404, code: 'TopicNotExist' }],
  ['PutLogs, a wrong secret', { status: 401, code: 'AuthFailure.SignatureFailure' }],
  ['PutLogs in the background', BACKGROUND_LOGS],
];

/** What an SDK uploads, however it is compressed, is there. */
export async function upload(driver: Driver): Promise<ClsGolden> {
  await using stage = await startStage({ partitions: [1, 2] });
  assert.deepEqual(await run(driver, 'calls', connect(stage.url)), ANSWERS);
  return stage.golden(driver.client);
}
