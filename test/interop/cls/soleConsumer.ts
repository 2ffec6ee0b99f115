import assert from 'node:assert/strict';
import type { ClsGolden } from '../../golden/golden.ts';
import { assertInOrder, assertNoneLost, countRecords } from '../consumed.ts';
import { consumeToTheEnd } from '../consumer.ts';
import { type Driver, run } from '../driver.ts';
import { connect, positionOf, startStage, TOPICS } from './stage.ts';

const GROUPS = 48;
const RECORDS_PER_GROUP = 5;
const RECORDS = GROUPS * RECORDS_PER_GROUP;
const PARTITIONS = 2;
const HEARTBEAT_SEC = 3;

/**
 * The SDK's own consumer reads two topics to their last record, over a split that takes place meanwhile: everything once, and the
 * checkpoints at the ends. What came before a split may be read after it: the service gives all partitions out at once.
 */
export async function consumeAlone(driver: Driver): Promise<ClsGolden> {
  await using stage = await startStage({ partitions: [PARTITIONS, PARTITIONS] });
  const connection = connect(stage.url);
  const amount = { INTEROP_GROUPS: String(GROUPS), INTEROP_RECORDS_PER_GROUP: String(RECORDS_PER_GROUP) };
  const { batches, checkpoints } = await consumeToTheEnd({
    driver,
    environment: {
      ...connection,
      INTEROP_GROUP: 'billing',
      INTEROP_CONSUMER: 'sole',
      INTEROP_HEARTBEAT_SEC: String(HEARTBEAT_SEC),
    },
    recordCount: RECORDS,
    produce: () => run(driver, 'produce', { ...connection, ...amount }),
  });
  assertNoneLost(batches, RECORDS);
  assert.equal(countRecords(batches), RECORDS);
  assertInOrder(batches, positionOf);
  const ends = Object.assign({}, ...TOPICS.map((topic) => stage.service.endOffsets(topic)));
  assert.equal(Object.keys(ends).length, 2 * PARTITIONS + 2);
  assert.deepEqual(checkpoints, ends);
  return stage.golden(driver.client);
}
