import { describe, expect, test } from 'vitest';
import { signV1 } from '../../../lib/sources/sls/signature.ts';
import { ACCOUNT, type Bench, groupOf, put, START_MS, startBench, type TestRequest } from './support.ts';

const STS = { ...ACCOUNT, accessKeyId: 'STS.temporary', securityToken: 'token-1' };

function list(bench: Bench, request: Partial<TestRequest> = {}) {
  return bench.call({ path: '/logstores', query: { offset: '0', size: '100' }, ...request });
}

describe.each(['v1', 'v4'] as const)('signature %s', (version) => {
  test('lets the holder of the secret in', async () => {
    const bench = await startBench();
    expect((await list(bench, { version })).json).toEqual({ count: 1, total: 1, logstores: ['orders'] });
  });

  test('keeps out who has another secret', async () => {
    const bench = await startBench();
    const account = { ...ACCOUNT, accessKeySecret: 'guessed' };
    expect((await list(bench, { version, account })).outcome).toBe('401 SignatureNotMatch');
  });

  test('keeps out an unknown key', async () => {
    const bench = await startBench();
    const answer = await list(bench, { version, account: { ...ACCOUNT, accessKeyId: 'nobody' } });
    expect(answer.outcome).toBe('401 Unauthorized');
    expect(answer.json.errorMessage).toBe('AccessKeyId not found: nobody');
  });

  test('covers every x-log- header', async () => {
    const bench = await startBench();
    const tamper: TestRequest['tamper'] = ({ headers, body }) => ({
      headers: { ...headers, 'x-log-extra': '1' },
      body,
    });
    expect((await list(bench, { version, tamper })).outcome).toBe('401 SignatureNotMatch');
  });

  test('covers the body', async () => {
    const bench = await startBench();
    const tamper: TestRequest['tamper'] = ({ headers }) => ({ headers, body: groupOf('forged') });
    expect((await put(bench, groupOf('signed'), { version, tamper })).outcome).toBe('401 SignatureNotMatch');
    expect((await put(bench, groupOf('signed'), { version })).outcome).toBe('200');
  });

  test.each([
    ['as old as allowed', -15 * 60_000, '200'],
    ['too old', -15 * 60_000 - 1000, '400 RequestTimeExpired'],
    ['as far ahead as allowed', 15 * 60_000, '200'],
    ['too far ahead', 15 * 60_000 + 1000, '400 RequestTimeExpired'],
  ])('a request that is %s', async (_, offsetMs, outcome) => {
    const bench = await startBench();
    expect((await list(bench, { version, nowMs: START_MS + offsetMs })).outcome).toBe(outcome);
  });

  test('asks for the security token of temporary credentials', async () => {
    const bench = await startBench({ accounts: [ACCOUNT, STS] });
    const { securityToken: _, ...withoutToken } = STS;
    const wrongToken = { ...STS, securityToken: 'token-2' };
    expect((await list(bench, { version, account: STS })).outcome).toBe('200');
    for (const account of [withoutToken, wrongToken]) {
      const answer = await list(bench, { version, account });
      expect(answer.outcome).toBe('401 Unauthorized');
      expect(answer.json.errorMessage).toBe('The security token you provided is invalid.');
    }
  });

  test('refuses a date it cannot read', async () => {
    const bench = await startBench();
    const headers =
      version === 'v1' ? { date: '2026-05-28T00:00:00Z' } : { 'x-log-date': '20261301T000000Z' };
    expect((await list(bench, { version, headers })).outcome).toBe('400 InvalidRequestTime');
  });
});

describe('of version 1', () => {
  test('may be made with HMAC-SHA256, as the generated SDKs do', async () => {
    const bench = await startBench();
    const answer = await list(bench, { headers: { 'x-log-signaturemethod': 'hmac-sha256' } });
    expect(answer.outcome).toBe('200');
  });

  test('may have an empty digest where there is no body, as the generated SDKs send it', async () => {
    const bench = await startBench();
    const headers = { 'content-md5': '', 'x-log-signaturemethod': 'hmac-sha256' };
    expect((await list(bench, { headers })).outcome).toBe('200');
    expect((await put(bench, groupOf('a'), { headers })).outcome).toBe('401 SignatureNotMatch');
  });

  test('may leave out x-log-date, which the Python SDK adds afterwards', async () => {
    const bench = await startBench();
    const tamper: TestRequest['tamper'] = ({ headers, body }) => ({
      headers: { ...headers, 'x-log-date': headers.date! },
      body,
    });
    expect((await list(bench, { tamper })).outcome).toBe('200');
  });

  test('may lose its Date on the way, if x-log-date says the same', async () => {
    const bench = await startBench();
    const tamper: TestRequest['tamper'] = ({ headers: { date, ...others }, body }) => ({
      headers: { ...others, 'x-log-date': date! },
      body,
    });
    expect((await list(bench, { tamper })).outcome).toBe('200');
  });

  test('names its method', async () => {
    const bench = await startBench();
    const headers = { 'x-log-signaturemethod': 'hmac-md5' };
    expect((await list(bench, { headers })).outcome).toBe('400 ParameterInvalid');
  });
});

describe('a request', () => {
  const without =
    (name: string): TestRequest['tamper'] =>
    ({ headers: { [name]: _, ...headers }, body }) => ({ headers, body });

  test.each([
    ['authorization', '400 MissingParameter'],
    ['x-log-apiversion', '400 MissingAPIVersion'],
    ['x-log-signaturemethod', '400 MissingParameter'],
    ['date', '400 MissingParameter'],
  ])('without %s', async (name, outcome) => {
    const bench = await startBench();
    expect((await list(bench, { tamper: without(name) })).outcome).toBe(outcome);
  });

  test('of another API version', async () => {
    const bench = await startBench();
    const headers = { 'x-log-apiversion': '0.4.0' };
    expect((await list(bench, { headers })).outcome).toBe('400 InvalidAPIVersion');
  });

  test('whose Authorization is of no known form', async () => {
    const bench = await startBench();
    const tamper: TestRequest['tamper'] = ({ headers, body }) => ({
      headers: { ...headers, authorization: 'Basic dGVzdA==' },
      body,
    });
    expect((await list(bench, { tamper })).outcome).toBe('400 ParameterInvalid');
  });

  test('signed for another path does not open this one', async () => {
    const bench = await startBench();
    const tamper: TestRequest['tamper'] = ({ headers, body }) => ({
      headers: {
        ...headers,
        authorization: signV1({ method: 'GET', path: '/', query: {}, headers, ...ACCOUNT }),
      },
      body,
    });
    expect((await list(bench, { tamper })).outcome).toBe('401 SignatureNotMatch');
  });
});
