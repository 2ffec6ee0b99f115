import { describe, expect, it } from 'vitest';
import { readSettings as readAny, type Settings } from '../../lib/config/settings.ts';

const base = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SOURCE: 'sls',
  SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
  SHARDBEAT_SLS_PROJECT: 'shop',
  SHARDBEAT_SLS_LOGSTORE: 'orders',
};
const key = { SHARDBEAT_SLS_ACCESS_KEY_ID: 'id', SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'very-secret' };
const complete = { ...base, ...key };

const readSettings = (environment: Record<string, string | undefined>) =>
  readAny(environment) as Extract<Settings, { source: 'sls' }>;

describe('several logstores', () => {
  it('are one stream, however they are written', () => {
    const settings = readSettings({ ...complete, SHARDBEAT_SLS_LOGSTORE: 'c, a,b,a' });
    expect(settings.sls.logstores).toEqual(['a', 'b', 'c']);
    expect(settings.stream).toBe('sls://shop/a,b,c');
  });

  it.each([',', 'a,', 'a b', 'a,b:c', Array.from({ length: 51 }, (_, index) => `s${index}`).join()])(
    'are refused: %j',
    (logstores) => {
      const environment = { ...complete, SHARDBEAT_SLS_LOGSTORE: logstores };
      expect(() => readSettings(environment)).toThrow(/^SHARDBEAT_SLS_LOGSTORE: .*at most 50/);
    },
  );

  it('are not for a consumer group of the service, which knows one logstore', () => {
    const environment = {
      ...complete,
      SHARDBEAT_SLS_LOGSTORE: 'a,b',
      SHARDBEAT_COORDINATION: 'service',
    };
    expect(() => readSettings(environment)).toThrow(/^SHARDBEAT_COORDINATION: .*one logstore/);
  });
});

describe('the region', () => {
  it.each([
    ['cn-hangzhou.log.aliyuncs.com', undefined, 'cn-hangzhou'],
    ['https://cn-hangzhou-intranet.log.aliyuncs.com', undefined, 'cn-hangzhou'],
    ['log-global.aliyuncs.com', 'ap-southeast-1', 'ap-southeast-1'],
    ['zhangbei-corp-share.log.aliyuncs.com', 'cn-zhangbei-corp', 'cn-zhangbei-corp'],
  ])('of %s, with %s given, is %s', (endpoint, given, region) => {
    const environment = { ...complete, SHARDBEAT_SLS_ENDPOINT: endpoint, SHARDBEAT_SLS_REGION: given };
    expect(readSettings(environment).sls).toMatchObject({ endpoint, region });
  });
});

it('an endpoint that cannot be used is refused before anything is sent', () => {
  for (const endpoint of [
    'ftp://a.b',
    'cn-hangzhou.log.aliyuncs.com/logstores',
    'shop.cn-hangzhou.log.aliyuncs.com',
  ]) {
    const environment = { ...complete, SHARDBEAT_SLS_ENDPOINT: endpoint };
    expect(() => readSettings(environment)).toThrow(/^SHARDBEAT_SLS_ENDPOINT: /);
  }
});

it('a filter is handed on as it is', () => {
  const query = "* | where status = '500'";
  const settings = readSettings({ ...complete, SHARDBEAT_SLS_QUERY: query, SHARDBEAT_SLS_PROCESSOR: 'p1' });
  expect(settings.sls).toMatchObject({ query, processor: 'p1' });
});

describe('credentials', () => {
  const credentialsOf = (environment: Record<string, string>) =>
    readSettings({ ...base, ...environment }).sls.credentials;

  it('come from the environment, with a token if there is one', async () => {
    const plain = credentialsOf(key);
    expect(typeof plain === 'function' && (await plain())).toEqual({
      accessKeyId: 'id',
      accessKeySecret: 'very-secret',
    });
    const temporary = credentialsOf({ ...key, SHARDBEAT_SLS_SECURITY_TOKEN: 'token' });
    expect(typeof temporary === 'function' && (await temporary())).toMatchObject({ securityToken: 'token' });
  });

  it.each([
    [{ SHARDBEAT_SLS_SECRET: 'shop/sls' }, 'secretsmanager', 'shop/sls', undefined],
    [{ SHARDBEAT_SLS_PARAMETER: '/shop/sls' }, 'ssm', '/shop/sls', undefined],
    [
      { SHARDBEAT_SLS_PARAMETER: '/a', AWS_ENDPOINT_URL_SSM: 'http://ssm', AWS_ENDPOINT_URL: 'http://all' },
      'ssm',
      '/a',
      'http://ssm',
    ],
    [{ SHARDBEAT_SLS_SECRET: 'a', AWS_ENDPOINT_URL: 'http://all' }, 'secretsmanager', 'a', 'http://all'],
  ])('may be stored: %j', (environment, service, id, endpoint) => {
    const field = Object.keys(environment)[0];
    expect(credentialsOf(environment)).toEqual({ service, id, field, endpoint });
  });

  it('come from one place only', () => {
    const stored = { SHARDBEAT_SLS_SECRET: 'a' };
    expect(() => credentialsOf({ ...stored, ...key })).toThrow(
      /^SHARDBEAT_SLS_ACCESS_KEY_ID: .*SHARDBEAT_SLS_SECRET is set too/,
    );
    expect(() => credentialsOf({ ...stored, SHARDBEAT_SLS_PARAMETER: 'b' })).toThrow(
      /^SHARDBEAT_SLS_PARAMETER: /,
    );
  });

  it('are missing by halves or wholly: each time it is said which, and what else would do', () => {
    expect(() => credentialsOf({})).toThrow(
      /^SHARDBEAT_SLS_ACCESS_KEY_ID: .*SHARDBEAT_SLS_SECRET or SHARDBEAT_SLS_PARAMETER/,
    );
    expect(() => credentialsOf({ SHARDBEAT_SLS_ACCESS_KEY_ID: 'id' })).toThrow(
      /^SHARDBEAT_SLS_ACCESS_KEY_SECRET: /,
    );
  });
});
