import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { fetchStored } from '../../lib/credentials/stored.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { explain, messageOf } from '../../lib/observe/plainError.ts';
import { keepSecretsOf } from '../../lib/observe/secrets.ts';
import { createTransport as createClsTransport } from '../../lib/sources/cls/transport.ts';
import { createTransport as createSlsTransport } from '../../lib/sources/sls/transport.ts';
import { signal } from '../http/support.ts';
import { optionsFor as clsOptions } from '../sources/cls/support.ts';
import { optionsFor as slsOptions } from '../sources/sls/support.ts';
import { createManualClock } from '../support/clock.ts';
import { createWorld } from '../support/world.ts';

/** Each service is given its own: what one has made known must not help another. */
function keyOf(service: string) {
  const name = Buffer.from(service).toString('hex');
  const accessKeySecret = `Zq9wJalrXUtn/FEMI+${name}`;
  return { accessKeyId: 'LTAI-the-id', accessKeySecret, securityToken: `Zq9${name}${'aB3/+='.repeat(120)}` };
}
type Key = ReturnType<typeof keyOf>;
const awsKey = ({ accessKeyId, accessKeySecret, securityToken }: Key) => ({
  accessKeyId,
  secretAccessKey: accessKeySecret,
  sessionToken: securityToken,
});
const accountOf = (key: Key) => ({ region: async () => 'eu-west-1', credentials: async () => awsKey(key) });

/** What a service, or a proxy before it, may make of the headers that it was sent. */
const ECHOES: Readonly<Record<string, (headers: string, values: string) => string>> = {
  'the values alone': (_headers, values) => values,
  'the values, cut in the middle': (_headers, values) => values.replace('Zq9', `${'x'.repeat(400)} Zq9`),
  'a page': (headers) => `<html>bad gateway: ${headers}</html>`,
  'a page that is cut in the middle of it': (headers) => `<html>${'x'.repeat(420)}${headers}`,
  'the message of SLS': (headers) =>
    JSON.stringify({ errorCode: 'SignatureNotMatch', errorMessage: headers }),
  'the message of CLS': (headers) => JSON.stringify({ errorcode: 'AuthFailure', errormessage: headers }),
  'the message of the API 3.0': (headers) =>
    JSON.stringify({ Response: { Error: { Code: 'AuthFailure', Message: headers }, RequestId: headers } }),
  'the message of AWS, the values alone': (_headers, values) =>
    JSON.stringify({ __type: 'a#X', message: values }),
  'the message of AWS': (headers) =>
    JSON.stringify({ __type: 'com.a#ValidationException', message: headers }),
  'all of it': (headers) => JSON.stringify({ __type: headers, errorCode: headers, errorcode: headers }),
};

let url: string;
let answer: { status: number; echo: (headers: string, values: string) => string };
/** The signatures that were sent: nobody needs to see those either. */
let authorizations: string[];
const server = createServer((request, response) => {
  request.resume();
  const { authorization = '' } = request.headers;
  authorizations.push(authorization.slice(-20));
  const raw = `${JSON.stringify(request.headers)} ${request.rawHeaders.join(': ')} \n${inspect(request.headers)}`;
  response
    .writeHead(answer.status, { 'x-log-requestid': 'R1' })
    .end(answer.echo(raw, Object.values(request.headers).join(' | ')));
});
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const stored = (service: 'secretsmanager' | 'ssm', field: string) => (key: Key) =>
  fetchStored({ service, id: 'shop/sls', field, endpoint: url }, accountOf(key), createManualClock());

const CALLS: Readonly<Record<string, (key: Key) => Promise<unknown>>> = {
  'SLS, signed with v4': (key) =>
    createSlsTransport({ ...slsOptions({ url }), credentials: () => key })({
      method: 'GET',
      path: '/',
      signal,
    }),
  'SLS, signed with v1': (key) =>
    createSlsTransport({ ...slsOptions({ url }), signature: 'v1', credentials: () => key })({
      method: 'GET',
      path: '/',
      signal,
    }),
  'the control plane of CLS': (key) =>
    createClsTransport({ ...clsOptions({ url }), credentials: () => key }).control({
      action: 'DescribePartitions',
      body: {},
      idempotent: true,
      signal,
    }),
  'the data plane of CLS': (key) =>
    createClsTransport({ ...clsOptions({ url }), credentials: () => key }).data({
      path: '/pull_log',
      query: {},
      headers: {},
      body: Buffer.from('{}'),
      idempotent: true,
      signal,
    }),
  'Secrets Manager': stored('secretsmanager', 'SHARDBEAT_SLS_SECRET'),
  'the Parameter Store': stored('ssm', 'SHARDBEAT_CLS_PARAMETER'),
  DynamoDB: (key) => {
    keepSecretsOf({ AWS_SECRET_ACCESS_KEY: key.accessKeySecret, AWS_SESSION_TOKEN: key.securityToken });
    const client = new DynamoDBClient({
      region: 'eu-west-1',
      endpoint: url,
      credentials: awsKey(key),
      maxAttempts: 1,
    });
    const clock = { now: () => Date.now(), sleep: async () => {} };
    const random = { next: () => 0, nonce: () => 'n' };
    const store = createDynamodbStore({ client, table: 't', group: 'g', clock, random });
    return store.get('GROUP', { consistent: true, signal });
  },
};

function linesOf(error: unknown): string[] {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', write: (line) => lines.push(line), now: () => 0 });
  logger.error('shard.failed', { error, nested: [error] });
  return [...lines, messageOf(error), messageOf(error, 200), explain(error), String(error)];
}

describe.each(Object.entries(CALLS))('%s', (service, call) => {
  test.each(Object.entries(ECHOES))(
    'may echo what it was sent, in %s: none of it is seen',
    async (_name, echo) => {
      for (const status of [400, 401, 403, 500]) {
        authorizations = [];
        answer = { status, echo };
        const error = await call(keyOf(service)).then(
          () => expect.unreachable('the answer was taken'),
          (error: unknown) => error,
        );
        expect(authorizations.length).toBeGreaterThan(0);
        for (const shown of linesOf(error)) {
          expect(shown).not.toContain('Zq9');
          for (const authorization of authorizations) expect(shown).not.toContain(authorization);
        }
      }
    },
  );
});

describe('a setting', () => {
  const BASE = {
    SHARDBEAT_GROUP: 'orders',
    SHARDBEAT_TABLE: 'shardbeat',
    SHARDBEAT_INTERVAL: '1m',
    SHARDBEAT_SOURCE: 'sls',
    SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
    SHARDBEAT_SLS_PROJECT: 'shop',
    SHARDBEAT_SLS_LOGSTORE: 'orders',
    SHARDBEAT_SLS_ACCESS_KEY_ID: 'LTAI-the-id',
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'not-looked-at',
    SHARDBEAT_CLS_LOGSET: '11111111-1111-4111-8111-111111111111',
    SHARDBEAT_CLS_TOPICS: '22222222-2222-4222-8222-222222222222',
    SHARDBEAT_CLS_REGION: 'ap-guangzhou',
    SHARDBEAT_CLS_ACCESS_KEY_ID: 'AKID-the-id',
    SHARDBEAT_CLS_ACCESS_KEY_SECRET: 'not-looked-at',
  };
  const CLS = { SHARDBEAT_SOURCE: 'cls' };
  const json = JSON.stringify(keyOf('a setting'));
  const none = (prefix: string) => ({ [`${prefix}_ACCESS_KEY_ID`]: '', [`${prefix}_ACCESS_KEY_SECRET`]: '' });
  const SLS_STORED = none('SHARDBEAT_SLS');
  const CLS_STORED = { ...CLS, ...none('SHARDBEAT_CLS') };

  test.each([
    ['SHARDBEAT_SLS_ENDPOINT', 'https://user:Zq9pass@cn-hangzhou.log.aliyuncs.com', {}],
    ['SHARDBEAT_SLS_ENDPOINT', 'https://user:Zq9/pa@ss@cn-hangzhou.log.aliyuncs.com', {}],
    ['SHARDBEAT_SLS_ENDPOINT', 'user:Zq9pass@cn-hangzhou.log.aliyuncs.com', {}],
    ['SHARDBEAT_SLS_ENDPOINT', 'https://Zq9token@cn-hangzhou.log.aliyuncs.com', {}],
    ['SHARDBEAT_SLS_ENDPOINT', 'https://cn-hangzhou.log.aliyuncs.com/?token=Zq9pass', {}],
    ['SHARDBEAT_CLS_ENDPOINT', 'https://user:Zq9pass@ap-guangzhou.cls.tencentcs.com', CLS],
    ['SHARDBEAT_CLS_API_ENDPOINT', 'ftp://user:Zq9pass@cls.ap-guangzhou.tencentcloudapi.com', CLS],
    ['AWS_ENDPOINT_URL', 'http://user:Zq9pass@127.0.0.1:4566', { ...SLS_STORED, SHARDBEAT_SLS_SECRET: 'a' }],
    ['SHARDBEAT_SLS_SECRET', json, SLS_STORED],
    ['SHARDBEAT_SLS_SECRET', ` Zq9wJalrXUtn ${json}`, SLS_STORED],
    ['SHARDBEAT_SLS_PARAMETER', json, SLS_STORED],
    ['SHARDBEAT_CLS_SECRET', json, CLS_STORED],
    ['SHARDBEAT_CLS_PARAMETER', `\n${json}\n`, CLS_STORED],
    ['SHARDBEAT_SLS_ACCESS_KEY_SECRET', 'Zq9 with a space', {}],
    ['SHARDBEAT_SLS_SECURITY_TOKEN', 'Zq9 mit Lücke', {}],
    ['SHARDBEAT_CLS_ACCESS_KEY_SECRET', 'Zq9\u0000', CLS],
    ['SHARDBEAT_CLS_SECURITY_TOKEN', 'Zq9 a', CLS],
    ['SHARDBEAT_GROUP', json, {}],
    ['SHARDBEAT_START', json, {}],
    ['SHARDBEAT_SLS_LOGSTORE', json, {}],
  ])('%s with a secret in it (%#) is refused by its name, and not shown', (field, value, more) => {
    try {
      readSettings({ ...BASE, ...more, [field]: value });
      expect.unreachable('it was taken');
    } catch (error) {
      expect(error).toMatchObject({ name: 'SettingsError', field });
      for (const shown of [...linesOf(error), inspect(error)]) expect(shown).not.toContain('Zq9');
    }
  });

  test('that holds the secret where its name is wanted is not shown when nothing is found there', async () => {
    answer = {
      status: 400,
      echo: () => JSON.stringify({ __type: 'a#ResourceNotFoundException', message: 'no' }),
    };
    authorizations = [];
    const id = 'Zq9wJalrXUtnFEMIK7MDENGbPxRfiCY';
    const where = { service: 'secretsmanager', id, field: 'SHARDBEAT_SLS_SECRET', endpoint: url } as const;
    const error = await fetchStored(where, accountOf(keyOf('a name')), createManualClock()).catch(
      (error: unknown) => error,
    );
    for (const shown of linesOf(error)) expect(shown).not.toContain('Zq9');
    expect(messageOf(error)).toMatch(/^SettingsError: SHARDBEAT_SLS_SECRET: "\(hidden\)" cannot be used/);
  });
});

test('a sink’s error with the request on it leaves nothing in the log, the item or the answer of the tick', async () => {
  const world = createWorld(['0']);
  await world.round('a');
  await world.round('a');
  world.source.append('0', 'x');
  world.eachBatch = async (_batch, { logger }) => {
    const config = { headers: { authorization: 'Bearer Zq9abcdefgh' }, data: 'Zq9 record' };
    logger.warn('sink.slow', { headers: config.headers, url: 'https://me:Zq9pass@sink.example/' });
    const error = new Error('POST https://me:Zq9pass@sink.example/?token=Zq9abc: 401');
    throw Object.assign(error, { config, response: { config }, toJSON: () => ({ config }) });
  };
  const results = await world.round('a');
  const items = await world.store.readAll({ consistent: true, signal });
  const shown = inspect([world.events, results, items], { depth: 20 });
  expect(shown).toContain('sink.example');
  expect(shown).not.toContain('Zq9');
});
