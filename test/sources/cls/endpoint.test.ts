import { describe, expect, test } from 'vitest';
import { addressesOf } from '../../../lib/sources/cls/endpoint.ts';

const secure = (host: string) => ({ secure: true, hostname: host, port: 443, host });

describe('where CLS is', () => {
  test.each([
    {
      places: { region: 'ap-guangzhou' },
      data: 'ap-guangzhou.cls.tencentcs.com',
      control: 'cls.ap-guangzhou.tencentcloudapi.com',
    },
    {
      places: { region: 'eu-frankfurt', network: 'public' },
      data: 'eu-frankfurt.cls.tencentcs.com',
      control: 'cls.eu-frankfurt.tencentcloudapi.com',
    },
    {
      places: { region: 'ap-guangzhou', network: 'intranet' },
      data: 'ap-guangzhou.cls.tencentyun.com',
      control: 'cls.internal.tencentcloudapi.com',
    },
  ] as const)('is told by region and network: $places', ({ places, data, control }) => {
    expect(addressesOf(places)).toEqual({
      data: secure(data),
      control: secure(control),
      region: places.region,
    });
  });

  test('may be written out for either plane alone: as a host, or as a URL', () => {
    const region = 'ap-guangzhou';
    const local = { secure: false, hostname: '127.0.0.1', port: 8080, host: '127.0.0.1:8080' };
    expect(addressesOf({ region, endpoint: 'http://127.0.0.1:8080' })).toMatchObject({
      data: local,
      control: { host: 'cls.ap-guangzhou.tencentcloudapi.com' },
    });
    expect(addressesOf({ region, apiEndpoint: 'http://127.0.0.1:8080' })).toMatchObject({
      data: { host: 'ap-guangzhou.cls.tencentcs.com' },
      control: local,
    });
    expect(addressesOf({ region, endpoint: 'logs.example.com' }).data).toEqual(secure('logs.example.com'));
    const ipv6 = { secure: false, hostname: '::1', port: 8080, host: '[::1]:8080' };
    expect(addressesOf({ region, endpoint: 'http://[::1]:8080' }).data).toEqual(ipv6);
  });

  test.each([
    ['ap-singapore.cls.tencentcs.com', 'api.example.com', 'ap-singapore'],
    ['https://ap-singapore.cls.tencentyun.com', 'api.example.com', 'ap-singapore'],
    ['logs.example.com', 'cls.na-ashburn.tencentcloudapi.com', 'na-ashburn'],
    ['logs.example.com', 'cls.internal.tencentcloudapi.com', undefined],
    ['logs.example.com', 'cls.intl.tencentcloudapi.com', undefined],
    ['http://ap-singapore.cls.tencentcs.com:80/', 'api.example.com', 'ap-singapore'],
    ['ap-singapore.cls.tencentcs.com.example.com', 'api.example.com', undefined],
    ['http://127.0.0.1:1', 'http://127.0.0.1:1', undefined],
  ])('names the region where both are written out: %s, %s', (endpoint, apiEndpoint, region) => {
    expect(addressesOf({ endpoint, apiEndpoint }).region).toBe(region);
  });
});

describe('a region', () => {
  test.each(
    `ap-beijing ap-shanghai ap-guangzhou ap-nanjing ap-chengdu ap-chongqing ap-hongkong ap-tokyo ap-seoul ap-singapore
     ap-bangkok ap-jakarta ap-mumbai ap-shanghai-fsi ap-shenzhen-fsi ap-beijing-fsi na-ashburn na-siliconvalley sa-saopaulo
     eu-frankfurt me-saudi-arabia af-of-later-days`.split(/\s+/),
  )('may be %s', (region) => {
    expect(addressesOf({ region }).data.host).toContain(region);
  });

  test.each([
    '',
    'guangzhou',
    'gz',
    'AP-Guangzhou',
    'ap_guangzhou',
    'ap-guangzhou-3',
    'ap-guangzhou.cls.tencentcs.com',
    'cn-hangzhou',
    'us-east-1',
    'ap-southeast-1',
    'us-west',
    'ap-guangzhou/',
  ])('cannot be %j', (region) => {
    expect(() => addressesOf({ region })).toThrow(
      expect.objectContaining({
        name: 'SettingsError',
        field: 'region',
        message: expect.stringContaining('ap-guangzhou'),
      }),
    );
  });

  test('of a zone is told from its number', () => {
    expect(() => addressesOf({ region: 'ap-guangzhou-3' })).toThrow(/without a zone's number/);
  });

  test('is needed unless both endpoints are written out', () => {
    const missing = expect.objectContaining({
      field: 'REGION',
      message: expect.stringContaining('both E and A'),
    });
    const fields = { region: 'REGION', endpoint: 'E', apiEndpoint: 'A' };
    expect(() => addressesOf({}, fields)).toThrow(missing);
    expect(() => addressesOf({ endpoint: 'logs.example.com' }, fields)).toThrow(missing);
    expect(() => addressesOf({ apiEndpoint: 'logs.example.com' }, fields)).toThrow(missing);
  });
});

test.each([
  '',
  'ftp://a.b',
  'https://a.b/path',
  'https://user:pass@a.b',
  'a b',
  'https://a.b?c=d',
  'a.b,c.d',
  '"a.b"',
  'a..b',
])('an endpoint cannot be %j', (text) => {
  const region = 'ap-guangzhou';
  const refused = (field: string) => expect.objectContaining({ name: 'SettingsError', field });
  expect(() => addressesOf({ region, endpoint: text })).toThrow(refused('endpoint'));
  expect(() => addressesOf({ region, apiEndpoint: text })).toThrow(refused('apiEndpoint'));
});
