import assert from 'node:assert/strict';
import type { Golden } from '../../golden/golden.ts';
import { type Driver, run } from '../driver.ts';
import { connect, type Signature, startStage } from './stage.ts';

const NO_MATCH = { status: 401, code: 'SignatureNotMatch' };
const EXPIRED = { status: 400, code: 'RequestTimeExpired' };

/** Documented: at most 15 minutes off. */
const REFUSALS = [
  ['the right secret', 2],
  ['a wrong secret', NO_MATCH],
  ['an unknown key', { status: 401, code: 'Unauthorized' }],
  ['a clock -14 minutes off', 2],
  ['a clock -16 minutes off', EXPIRED],
  ['a clock +14 minutes off', 2],
  ['a clock +16 minutes off', EXPIRED],
];

const CHANGED = [
  ['no body', 2],
  ['logs', NO_MATCH],
  ['logs uncompressed', NO_MATCH],
  ['a consumer group', NO_MATCH],
  ['a heartbeat', NO_MATCH],
];

/** Only what the account signed, lately, and as it signed it, is let in. */
export async function refuseStrangers(driver: Driver, signature: Signature): Promise<Golden> {
  await using stage = await startStage({ shards: 2 });
  assert.deepEqual(await run(driver, 'refusals', connect(stage.url, signature)), REFUSALS);
  assert.deepEqual(await run(driver, 'changed', connect(stage.tamperedUrl, signature)), CHANGED);
  return stage.golden(driver.client);
}
