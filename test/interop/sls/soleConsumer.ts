import assert from 'node:assert/strict';
import type { SlsGolden } from '../../golden/golden.ts';
import { assertInOrder, assertNoneLost, type ConsumedBatch, countRecords } from '../consumed.ts';
import { consumeToTheEnd } from '../consumer.ts';
import { type Driver, run } from '../driver.ts';
import { connect, LOGSTORE, PROJECT, positionOf, type Signature, startStage } from './stage.ts';

const GROUPS = 48;
const RECORDS_PER_GROUP = 5;
const RECORDS = GROUPS * RECORDS_PER_GROUP;
/** The group's timeout is two or three of these, and must outlast a busy machine. */
const HEARTBEAT_SEC = 3;

/**
 * The SDK's own consumer reads a stream to its last record, over a split that takes place meanwhile: everything once,
 * the shards that continue another one after it, and the checkpoints at the ends.
 */
export async function consumeAlone(driver: Driver, signature: Signature): Promise<SlsGolden> {
  await using stage = await startStage({ shards: 2 });
  const connection = connect(stage.url, signature);
  const amount = { INTEROP_GROUPS: String(GROUPS), INTEROP_RECORDS_PER_GROUP: String(RECORDS_PER_GROUP) };
  const member = { INTEROP_GROUP: 'billing', INTEROP_CONSUMER: 'sole' };
  const { batches, checkpoints } = await consumeToTheEnd({
    driver,
    environment: { ...connection, ...member, INTEROP_HEARTBEAT_SEC: String(HEARTBEAT_SEC) },
    recordCount: RECORDS,
    produce: () => run(driver, 'produce', { ...connection, ...amount }),
  });
  assertNoneLost(batches, RECORDS);
  assert.equal(countRecords(batches), RECORDS);
  assertInOrder(batches, positionOf);
  assertParentFirst(batches, '0', ['2', '3']);
  assert.deepEqual(checkpoints, stage.service.endCursors(PROJECT, LOGSTORE));
  return stage.golden(driver.client);
}

function assertParentFirst(batches: readonly ConsumedBatch[], parent: string, children: string[]): void {
  const endOfParent = batches.findLastIndex(({ shard }) => shard === parent);
  const beginOfChildren = batches.findIndex(({ shard }) => children.includes(shard));
  assert(endOfParent >= 0 && beginOfChildren > endOfParent, 'a child was read before its parent was done');
}
