/** The rules of the product page "Customized Consumption", each with its error. */
import { describe, expect, it } from 'vitest';
import { readSettings as readAny, type Settings } from '../../lib/config/settings.ts';

const base = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SOURCE: 'cls',
  SHARDBEAT_CLS_REGION: 'ap-guangzhou',
  SHARDBEAT_CLS_LOGSET: '6f6ded3f-948c-4616-9c7c-956a95d8c1a3',
  SHARDBEAT_CLS_TOPICS: 'b0000000-0000-4000-8000-000000000000',
};
const key = { SHARDBEAT_CLS_ACCESS_KEY_ID: 'id', SHARDBEAT_CLS_ACCESS_KEY_SECRET: 'very-secret' };
const complete = { ...base, ...key };
const withService = { ...complete, SHARDBEAT_COORDINATION: 'service' };
const MIB = 1024 * 1024;

const readSettings = (environment: Record<string, string | undefined>) =>
  readAny(environment) as Extract<Settings, { source: 'cls' }>;

describe('a group on CLS', () => {
  it('needs a region, a logset, a topic and a key', () => {
    expect(readSettings(complete)).toMatchObject({
      source: 'cls',
      stream: 'cls://6f6ded3f-948c-4616-9c7c-956a95d8c1a3/b0000000-0000-4000-8000-000000000000',
      order: true,
      countMax: Number.POSITIVE_INFINITY,
      pullIntervalMs: 0,
      cls: { region: 'ap-guangzhou', network: 'public', pullBytesMax: 2 * MIB },
    });
  });

  it('has several topics of the logset, however they are written', () => {
    const settings = readSettings({ ...complete, SHARDBEAT_CLS_TOPICS: 'c-1, a-1,b-1,a-1' });
    expect(settings.cls.topics).toEqual(['a-1', 'b-1', 'c-1']);
    expect(settings.stream).toBe('cls://6f6ded3f-948c-4616-9c7c-956a95d8c1a3/a-1,b-1,c-1');
  });

  it('may be told both endpoints in place of a region', () => {
    const endpoints = {
      SHARDBEAT_CLS_REGION: undefined,
      SHARDBEAT_CLS_ENDPOINT: 'http://127.0.0.1:1',
      SHARDBEAT_CLS_API_ENDPOINT: 'http://127.0.0.1:2',
    };
    expect(readSettings({ ...complete, ...endpoints }).cls).toMatchObject({
      region: undefined,
      endpoint: 'http://127.0.0.1:1',
      apiEndpoint: 'http://127.0.0.1:2',
    });
  });

  it('reads a secret that is stored, as any other', () => {
    const settings = readSettings({ ...base, SHARDBEAT_CLS_SECRET: 'shop/cls' });
    expect(settings.cls.credentials).toMatchObject({
      service: 'secretsmanager',
      id: 'shop/cls',
      field: 'SHARDBEAT_CLS_SECRET',
    });
  });

  it.each([
    ['begin', { at: 'begin' }],
    ['end', { at: 'end' }],
    ['1709708964', { at: 'time', unixMs: 1_709_708_964_000 }],
  ])('starts at %s', (text, position) => {
    expect(readSettings({ ...complete, SHARDBEAT_START: text }).start).toEqual(position);
  });

  it('ends at a time of Unix seconds', () => {
    expect(readSettings({ ...complete, SHARDBEAT_END: '1709708964' }).endAt).toBe(1_709_708_964_000);
  });

  it.each([2 * MIB, 10 * MIB])('pulls %i bytes at a time', (bytes) => {
    const settings = readSettings({ ...complete, SHARDBEAT_CLS_PULL_BYTES_MAX: String(bytes) });
    expect(settings.cls.pullBytesMax).toBe(bytes);
  });

  it('waits between pulls, if that is wanted', () => {
    expect(readSettings({ ...complete, SHARDBEAT_PULL_INTERVAL: '2s' }).pullIntervalMs).toBe(2_000);
  });

  it.each([
    ['SHARDBEAT_CLS_REGION', undefined, /set it/],
    ['SHARDBEAT_CLS_REGION', 'guangzhou', /ap-guangzhou/],
    ['SHARDBEAT_CLS_NETWORK', 'internal', /choose public or intranet/],
    ['SHARDBEAT_CLS_ENDPOINT', 'ftp://a.b', /https or http/],
    ['SHARDBEAT_CLS_API_ENDPOINT', 'https://a.b/c', /leave out everything but/],
    ['SHARDBEAT_CLS_LOGSET', undefined, /set it/],
    ['SHARDBEAT_CLS_LOGSET', 'a,b', /one logset/],
    ['SHARDBEAT_CLS_TOPICS', undefined, /set it/],
    ['SHARDBEAT_CLS_TOPICS', 'a:b', /ids/],
    ['SHARDBEAT_CLS_TOPICS', Array.from({ length: 51 }, (_, index) => `t${index}`).join(), /at most 50/],
    ['SHARDBEAT_CLS_PULL_BYTES_MAX', '1048576', /whole number from 2097152 to 10485760/],
    ['SHARDBEAT_CLS_PULL_BYTES_MAX', '10485761', /whole number from 2097152 to 10485760/],
    ['SHARDBEAT_CLS_PULL_BYTES_MAX', '2M', /whole number/],
    ['SHARDBEAT_CLS_PULL_BYTES_MAX', '0', /whole number/],
    ['SHARDBEAT_COUNT_MAX', '100', /SHARDBEAT_CLS_PULL_BYTES_MAX/],
    ['SHARDBEAT_PULL_INTERVAL', '999ms', /1s or more/],
    ['SHARDBEAT_PULL_INTERVAL', '48s', /less than a tick has/],
    ['SHARDBEAT_START', 'yesterday', /begin, end/],
    ['SHARDBEAT_END', 'never', /Unix seconds/],
    ['SHARDBEAT_INTERVAL', '0s', /500ms to 30m/],
    ['SHARDBEAT_INTERVAL', '31m', /500ms to 30m/],
    ['SHARDBEAT_CLS_ACCESS_KEY_ID', undefined, /an access key that may read the topics/],
    ['SHARDBEAT_CLS_ACCESS_KEY_SECRET', undefined, /the secret of that access key/],
  ])('is refused with %s %j', (field, value, remedy) => {
    const read = () => readSettings({ ...complete, [field]: value });
    expect(read).toThrow(expect.objectContaining({ name: 'SettingsError', field }));
    expect(read).toThrow(remedy);
  });
});

describe('a group that CLS keeps', () => {
  it('leaves the children of a split to CLS, which does not hold them back', () => {
    expect(readSettings(withService).order).toBe(false);
    expect(readSettings({ ...withService, SHARDBEAT_ORDER: 'false' }).order).toBe(false);
  });

  it('may have several topics', () => {
    const settings = readSettings({ ...withService, SHARDBEAT_CLS_TOPICS: 'a-1,b-1' });
    expect(settings).toMatchObject({ coordination: 'service', cls: { topics: ['a-1', 'b-1'] } });
  });

  it.each([
    ['SHARDBEAT_ORDER', 'true', /SHARDBEAT_COORDINATION be own/],
    ['SHARDBEAT_GROUP', '1st', /no digit in front/],
    ['SHARDBEAT_GROUP', 'a.b', /letters, digits, _ and -/],
    ['SHARDBEAT_SESSION_TIMEOUT', '90s', /after two intervals: make it 2m or longer/],
  ])('is refused with %s %j', (field, value, remedy) => {
    const read = () => readSettings({ ...withService, [field]: value });
    expect(read).toThrow(expect.objectContaining({ name: 'SettingsError', field }));
    expect(read).toThrow(remedy);
  });
});
