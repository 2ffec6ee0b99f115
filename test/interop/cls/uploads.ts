import assert from 'node:assert/strict';
import { systemClock as clock, systemRandom as random } from '../../../lib/runtime.ts';
import { createClsClient } from '../../../lib/sources/cls/client.ts';
import { decodeMessages } from '../../../lib/sources/cls/frame.ts';
import type { ClsGolden } from '../../golden/golden.ts';
import { type Driver, run } from '../driver.ts';
import { ACCOUNT, connect, LOGSET, REGION, startStage, TOPICS } from './stage.ts';

const BACKGROUND_LOGS = 20;
const COMPRESSIONS = ['lz4', 'zstd', 'deflate'];
const [ORDERS] = TOPICS;

const ANSWERS = [
  ...COMPRESSIONS.map((compression) => [`PutLogs, ${compression}`, null]),
  ['PutLogs, not compressible', null],
  ['PutLogs of two groups', null],
  ['PutLogs of no topic', { status: 404, code: 'TopicNotExist' }],
  ['PutLogs, a wrong secret', { status: 401, code: 'AuthFailure.SignatureFailure' }],
  ['PutLogs in the background', BACKGROUND_LOGS],
];

const TINY = { timeMs: 1_700_000_002_000, n: '1' };
const UPLOADED = [
  ...COMPRESSIONS.flatMap((compression) => [
    { timeMs: 1_700_000_000_000, compression },
    { timeMs: 1_700_000_001_000, text: 'again and '.repeat(1000) },
  ]),
  ...[TINY, TINY, TINY],
  ...Array.from({ length: BACKGROUND_LOGS }, (_, n) => ({ timeMs: 1_700_000_000_000, n: String(n) })),
];

/** What an SDK uploads, however it is compressed, is there to be read. */
export async function upload(driver: Driver): Promise<ClsGolden> {
  await using stage = await startStage({ partitions: [1, 2] });
  assert.deepEqual(await run(driver, 'calls', connect(stage.url)), ANSWERS);
  // Not of what its client said.
  const golden = stage.golden(driver.client);
  assert.deepEqual(await readAll(stage.service.url), UPLOADED);
  return golden;
}

async function readAll(url: string): Promise<Record<string, unknown>[]> {
  const names = { region: REGION, logset: LOGSET, endpoint: url, apiEndpoint: url };
  const client = createClsClient({ ...names, credentials: () => ACCOUNT, clock, random });
  const from = { topic: ORDERS, partition: 1, offset: '0', bytesMax: 2 * 1024 ** 2 };
  const { messages } = await client.pullLogs(from, AbortSignal.timeout(5_000));
  return [...decodeMessages(messages, ORDERS, undefined).records].map((record) => ({
    timeMs: record.timeMs,
    ...record.toObject(),
  }));
}
