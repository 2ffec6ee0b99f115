import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { signControl } from '../../../lib/sources/cls/signature.ts';
import { ACCOUNT, type Bench, exchange, LOGSET, startBench, type TestRequest, TOPIC } from './support.ts';

const TEMPORARY = {
  accessKeyId: 'AKIDtemporary',
  accessKeySecret: 'temporary-secret',
  securityToken: 'a token',
};
const STRANGER = { accessKeyId: 'AKIDstranger', accessKeySecret: 'test-secret' };
const LIAR = { ...ACCOUNT, accessKeySecret: 'another' };

const control = async (bench: Bench, request: Partial<TestRequest> = {}): Promise<string> =>
  (await bench.act('DescribePartitions', { TopicId: TOPIC }, request)).outcome;
const data = async (bench: Bench, request: Partial<TestRequest> = {}): Promise<string> => {
  const body = Buffer.from(
    '{"StartOffset":-1,"StartTime":0,"Size":1,"CompressType":"snappy","PartitionId":1}',
  );
  return (await bench.call({ path: '/pull_log', query: { topic_id: TOPIC }, body, ...request })).outcome;
};

describe('the control plane', () => {
  test('takes what one of the accounts signed, and nothing else', async () => {
    const bench = await startBench();
    expect(await control(bench)).toBe('200');
    expect(await control(bench, { account: STRANGER })).toBe('200 AuthFailure.SecretIdNotFound');
    expect(await control(bench, { account: LIAR })).toBe('200 AuthFailure.SignatureFailure');
    expect(await control(bench, { without: 'authorization' })).toBe('200 AuthFailure.InvalidAuthorization');
    const otherService = (headers: Record<string, string>) => ({
      ...headers,
      authorization: headers.authorization!.replace('/cls/', '/cvm/'),
    });
    expect(await control(bench, { tamper: otherService })).toBe('200 AuthFailure.SignatureFailure');
  });

  test.each(['cls', '127', 'localhost', 'localhost:18932'])(
    'takes a signature for the service %s, as some SDKs read it from their endpoint',
    async (service) => {
      const bench = await startBench();
      const body = Buffer.from(JSON.stringify({ TopicId: TOPIC }));
      const signed = (account: typeof ACCOUNT) => ({
        tamper: ({ host = '', 'content-type': type = '', ...others }: Record<string, string>) => {
          const headers = { host, 'content-type': type };
          const timestamp = bench.clock.now() / 1000;
          const authorization = signControl({ ...account, headers, body, timestamp, service });
          return { ...others, ...headers, authorization };
        },
      });
      expect(await control(bench, signed(ACCOUNT))).toBe('200');
      expect(await control(bench, signed(LIAR))).toBe('200 AuthFailure.SignatureFailure');
    },
  );

  test('notices what was changed on its way', async () => {
    const bench = await startBench();
    const changes: [string, Record<string, string>][] = [
      ['host', { host: 'elsewhere.localhost' }],
      ['content-type', { 'content-type': 'text/plain' }],
      ['timestamp', { 'x-tc-timestamp': String(bench.clock.now() / 1000 + 1) }],
    ];
    for (const [what, change] of changes) {
      const outcome = await control(bench, { tamper: (headers) => ({ ...headers, ...change }) });
      expect(outcome, what).toBe('200 AuthFailure.SignatureFailure');
    }
    const signed = { body: Buffer.from('{}') };
    let sent: Record<string, string> = {};
    const keep = (headers: Record<string, string>) => {
      sent = headers;
      return headers;
    };
    await bench.act('DescribeLogsets', {}, { ...signed, tamper: keep });
    const body = Buffer.from('[]');
    const answer = await exchange(bench.service.port, 'POST', '/', sent, body);
    expect(answer.outcome).toBe('200 AuthFailure.SignatureFailure');
  });

  test('demands that host and content type are signed', async () => {
    const bench = await startBench();
    const timestamp = bench.clock.now() / 1000;
    const body = Buffer.from(JSON.stringify({ TopicId: TOPIC }));
    const signing = (...names: string[]) => ({
      tamper: (headers: Record<string, string>) => ({
        ...headers,
        authorization: signControl({
          ...ACCOUNT,
          headers: Object.fromEntries(names.map((name) => [name, headers[name]!])),
          body,
          timestamp,
        }),
      }),
    });
    expect(await control(bench, signing('content-type', 'host', 'x-tc-action'))).toBe('200');
    expect(await control(bench, signing('host'))).toBe('200 AuthFailure.SignatureFailure');
    expect(await control(bench, signing('content-type'))).toBe('200 AuthFailure.SignatureFailure');
  });

  test('demands the day of the timestamp', async () => {
    const bench = await startBench();
    const yesterday = (headers: Record<string, string>) => ({
      ...headers,
      authorization: headers.authorization!.replace('/2026-05-28/', '/2026-05-27/'),
    });
    expect(await control(bench, { tamper: yesterday })).toBe('200 AuthFailure.SignatureFailure');
  });

  test('takes a signature for five minutes to either side', async () => {
    const bench = await startBench();
    const nowMs = bench.clock.now();
    for (const skewMs of [-300_000, 300_000]) {
      expect(await control(bench, { nowMs: nowMs + skewMs })).toBe('200');
    }
    for (const skewMs of [-301_000, 301_000]) {
      expect(await control(bench, { nowMs: nowMs + skewMs })).toBe('200 AuthFailure.SignatureExpire');
    }
    const timeless = (timestamp: string) => (headers: Record<string, string>) => ({
      ...headers,
      'x-tc-timestamp': timestamp,
    });
    expect(await control(bench, { tamper: timeless('now') })).toBe('200 MissingParameter');
  });

  test('takes the token of a temporary account in either header, and demands it', async () => {
    const bench = await startBench({ accounts: [ACCOUNT, TEMPORARY] });
    const as = (headers: Record<string, string>) => control(bench, { account: TEMPORARY, headers });
    expect(await as({ 'x-tc-token': 'a token' })).toBe('200');
    expect(await as({ 'x-cls-token': 'a token' })).toBe('200');
    expect(await as({})).toBe('200 AuthFailure.TokenFailure');
    expect(await as({ 'x-tc-token': 'another' })).toBe('200 AuthFailure.TokenFailure');
    expect(await control(bench, { headers: { 'x-tc-token': 'a token' } })).toBe(
      '200 AuthFailure.TokenFailure',
    );
  });
});

describe('the data plane', () => {
  test('takes what one of the accounts signed, and nothing else', async () => {
    const bench = await startBench();
    expect(await data(bench)).toBe('200');
    expect(await data(bench, { account: STRANGER })).toBe('401 AuthFailure.SecretIdNotFound');
    expect(await data(bench, { account: LIAR })).toBe('401 AuthFailure.SignatureFailure');
    expect(await data(bench, { without: 'authorization' })).toBe('400 MissingAuthorization');
    const broken = (headers: Record<string, string>) => ({
      ...headers,
      authorization: 'q-sign-algorithm=sha1',
    });
    expect(await data(bench, { tamper: broken })).toBe('400 InvalidAuthorization');
  });

  test('takes parameters by their names in lower case, as SDKs sign them', async () => {
    const bench = await startBench();
    expect(await data(bench, { query: { topic_id: TOPIC, Extra: 'a b*' } })).toBe('200');
  });

  test('takes no upload without a signature', async () => {
    const bench = await startBench();
    const weak = { 'x-cls-auth-mode': 'weak', 'x-cls-uin': '100000000001' };
    const outcome = await data(bench, { without: 'authorization', headers: weak });
    expect(outcome).toBe('401 AuthFailure.UnauthorizedOperation');
  });

  test('notices what was changed on its way', async () => {
    const bench = await startBench();
    const changed = (change: Record<string, string>) =>
      data(bench, { tamper: (headers) => ({ ...headers, ...change }) });
    expect(await changed({ host: 'elsewhere.localhost' })).toBe('401 AuthFailure.SignatureFailure');
    expect(await changed({ 'content-type': 'text/plain' })).toBe('401 AuthFailure.SignatureFailure');
    let sent: Record<string, string> = {};
    await data(bench, {
      tamper: (headers) => {
        sent = headers;
        return headers;
      },
    });
    for (const path of [`/pull_log?topic_id=${LOGSET}`, `/structuredlog?topic_id=${TOPIC}`]) {
      const body = Buffer.alloc(Number(sent['content-length']));
      const answer = await exchange(bench.service.port, 'POST', path, sent, body);
      expect(answer.outcome, path).toBe('401 AuthFailure.SignatureFailure');
    }
  });

  test('takes a signature only during its time', async () => {
    const bench = await startBench();
    const nowMs = bench.clock.now();
    // Of a time from a minute ago to five minutes on.
    for (const skewMs of [60_000, -300_000]) {
      expect(await data(bench, { nowMs: nowMs + skewMs })).toBe('200');
    }
    for (const skewMs of [61_000, -301_000]) {
      expect(await data(bench, { nowMs: nowMs + skewMs })).toBe('401 AuthFailure.SignatureExpire');
    }
  });

  test('demands that the key is of the same time', async () => {
    const bench = await startBench();
    const other = (headers: Record<string, string>) => ({
      ...headers,
      authorization: headers.authorization!.replace(/q-key-time=\d+/, 'q-key-time=1'),
    });
    expect(await data(bench, { tamper: other })).toBe('400 InvalidAuthorization');
  });

  test('takes the token of a temporary account, and demands it', async () => {
    const bench = await startBench({ accounts: [TEMPORARY] });
    const as = (headers: Record<string, string>) => data(bench, { account: TEMPORARY, headers });
    expect(await as({ 'x-cls-token': 'a token' })).toBe('200');
    expect(await as({})).toBe('401 AuthFailure.TokenFailure');
    expect(await as({ 'x-cls-token': 'another' })).toBe('401 AuthFailure.TokenFailure');
  });
});
