import assert from 'node:assert/strict';
import type { Golden } from '../golden/golden.ts';
import { assertInOrder, assertNoneLost, type ConsumedBatch, until, within } from './consumed.ts';
import { type Driver, run, type Signature, start } from './driver.ts';
import { LOGSTORE, PROJECT, startStage } from './stage.ts';

const GROUPS = 48;
const RECORDS_PER_GROUP = 5;
const RECORDS = GROUPS * RECORDS_PER_GROUP;
/** The group's timeout is two or three of these, and must outlast a busy machine. */
const HEARTBEAT_SEC = 3;

/** A consumer's last words: the group's checkpoints, by shard. */
interface Farewell {
  checkpoints: Record<string, string>;
}

/**
 * The SDK's own consumer reads a stream to its last record, over a split that takes place meanwhile: everything once,
 * the shards that continue another one after it, and the checkpoints at the ends.
 */
export async function consumeAlone(driver: Driver, signature: Signature): Promise<Golden> {
  await using stage = await startStage({ shards: 2 });
  const batches: ConsumedBatch[] = [];
  const processed = (): number => batches.reduce((sum, { records }) => sum + records.length, 0);
  let farewell: Farewell | undefined;
  const listen = (line: unknown): void => {
    if ('checkpoints' in (line as Farewell)) farewell = line as Farewell;
    else batches.push({ ...(line as ConsumedBatch), consumer: 'sole' });
  };
  const connection = { url: stage.url, signature };
  const member = { INTEROP_GROUP: 'billing', INTEROP_CONSUMER: 'sole' };
  const environment = { ...member, INTEROP_HEARTBEAT_SEC: String(HEARTBEAT_SEC) };
  const consumer = start(driver, 'worker', { ...connection, environment }, listen);
  const amount = { INTEROP_GROUPS: String(GROUPS), INTEROP_RECORDS_PER_GROUP: String(RECORDS_PER_GROUP) };
  try {
    const produced = run(driver, 'produce', { ...connection, environment: amount });
    const consumed = until('every record', () => processed() >= RECORDS);
    // A consumer that ends before it has read everything does so for a reason, which is then thrown.
    await Promise.race([consumer.ended, Promise.all([produced, consumed])]);
    consumer.process.kill('SIGTERM');
    await within('the consumer to leave', consumer.ended);
  } finally {
    consumer.process.kill('SIGKILL');
  }
  assertNoneLost(batches, RECORDS);
  assert.equal(processed(), RECORDS);
  assertInOrder(batches);
  assertParentFirst(batches, 0, [2, 3]);
  assert.deepEqual(farewell?.checkpoints, stage.service.endCursors(PROJECT, LOGSTORE));
  return stage.golden(driver.client);
}

function assertParentFirst(batches: readonly ConsumedBatch[], parent: number, children: number[]): void {
  const endOfParent = batches.findLastIndex(({ shard }) => shard === parent);
  const beginOfChildren = batches.findIndex(({ shard }) => children.includes(shard));
  assert(endOfParent >= 0 && beginOfChildren > endOfParent, 'a child was read before its parent was done');
}
