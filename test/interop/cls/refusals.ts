import assert from 'node:assert/strict';
import type { ClsGolden } from '../../golden/golden.ts';
import { type Driver, run } from '../driver.ts';
import { ACCOUNT, connect, startStage } from './stage.ts';

/** The control plane refuses with status 200. */
const control = (code: string) => ({ status: 200, code: `AuthFailure.${code}` });
const data = (code: string) => ({ status: 401, code: `AuthFailure.${code}` });

/** Control plane: at most five minutes off. Data plane: for as long as the request says, here -60 to +300 seconds. */
const REFUSALS = [
  ['the right secret', 0],
  ['a wrong secret', control('SignatureFailure')],
  ['an unknown key', control('SecretIdNotFound')],
  ['the right secret, data', 0],
  ['a wrong secret, data', data('SignatureFailure')],
  ['an unknown key, data', data('SecretIdNotFound')],
  ['a clock -4 minutes off', 0],
  ['a clock -6 minutes off', control('SignatureExpire')],
  ['a clock +4 minutes off', 0],
  ['a clock +6 minutes off', control('SignatureExpire')],
  ['a clock -290 seconds off, data', 0],
  ['a clock -310 seconds off, data', data('SignatureExpire')],
  ['a clock +50 seconds off, data', 0],
  ['a clock +70 seconds off, data', data('SignatureExpire')],
];

const CHANGED = [
  ['a consumer group', control('SignatureFailure')],
  ['consumer groups', control('SignatureFailure')],
  // Not what is wrong with it, as nothing of it was signed: what is left of it cannot be read, or can.
  ['a pull', { status: 400, code: 'InvalidContent' }],
  ['logs', null],
];

const TOKENS = [
  ['the token, control', 0],
  ['the token, data', 0],
  ['the token, generated', 1],
  ...['no token', 'another token'].flatMap((name) => [
    [`${name}, control`, control('TokenFailure')],
    [`${name}, data`, data('TokenFailure')],
    [`${name}, generated`, { code: 'AuthFailure.TokenFailure' }],
  ]),
];

/** Only what the account signed, lately, and as it signed it, is let in. */
export async function refuseStrangers(driver: Driver): Promise<ClsGolden> {
  await using stage = await startStage({ partitions: [1, 2] });
  assert.deepEqual(await run(driver, 'refusals', connect(stage.url)), REFUSALS);
  assert.deepEqual(await run(driver, 'changed', connect(stage.tamperedUrl)), CHANGED);
  return stage.golden(driver.client);
}

/** Temporary credentials hold with their token only, which the SDKs send in headers of different names. */
export async function askForTokens(driver: Driver): Promise<ClsGolden> {
  const securityToken = 'interop-token';
  await using stage = await startStage({ account: { ...ACCOUNT, securityToken }, partitions: [1, 2] });
  const environment = { ...connect(stage.url), INTEROP_SECURITY_TOKEN: securityToken };
  assert.deepEqual(await run(driver, 'tokens', environment), TOKENS);
  return stage.golden(driver.client);
}
