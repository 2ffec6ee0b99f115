import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  md5Hex,
  parseAuthorization,
  percentEncode,
  sha256Hex,
  signV1,
  signV4,
} from '../../../lib/sources/sls/signature.ts';

// Inputs and expected signatures of the vectors: the official Go SDK's signature_test.go and signature_v4_test.go.
describe('version 1', () => {
  const key = { accessKeyId: 'mockAccessKeyID', accessKeySecret: 'mockAccessKeySecret' };
  const headers = {
    'x-log-apiversion': '0.6.0',
    'x-log-signaturemethod': 'hmac-sha1',
    'x-log-bodyrawsize': '0',
    Date: 'Mon, 3 Jan 2010 08:33:47 GMT',
  };

  test('signs a request without a body as the official SDK does', () => {
    expect(signV1({ method: 'GET', path: '/logstores', query: {}, headers, ...key })).toBe(
      'LOG mockAccessKeyID:Rwm6cTKzoti4HWoe+GKcb6Kv07E=',
    );
  });

  test('signs a request with a body as the official SDK does', () => {
    const body = Buffer.from(
      '0a320a1e08f8b2939e0512160a07546573744b6579120b54657374436f6e74656e741a00220e31302e3233302e3230312e313137',
      'hex',
    );
    const withBody = {
      ...headers,
      'x-log-bodyrawsize': '50',
      'Content-MD5': md5Hex(body),
      'Content-Type': 'application/x-protobuf',
      'Content-Length': '50',
    };
    expect(signV1({ method: 'GET', path: '/logstores/app_log', query: {}, headers: withBody, ...key })).toBe(
      'LOG mockAccessKeyID:87xQWqFaOSewqRIma8kPjGYlXHc=',
    );
  });

  test('signs query values as they are, not encoded', () => {
    const text = 'GET\n\n\n\n\n/logstores/a/shards/0?cursor=MTQ=&type=log';
    expect(
      signV1({
        method: 'GET',
        path: '/logstores/a/shards/0',
        query: { type: 'log', cursor: 'MTQ=' },
        headers: {},
        ...key,
      }),
    ).toBe(`LOG mockAccessKeyID:${hmacSha1(key.accessKeySecret, text)}`);
  });

  test('uses SHA-256 where the header says so', () => {
    const sign = (method: string): string =>
      signV1({
        method: 'GET',
        path: '/',
        query: {},
        headers: { 'x-log-signaturemethod': method },
        ...key,
      });
    expect(Buffer.from(sign('hmac-sha1').split(':')[1]!, 'base64')).toHaveLength(20);
    expect(Buffer.from(sign('hmac-sha256').split(':')[1]!, 'base64')).toHaveLength(32);
  });
});

describe('version 4', () => {
  const key = { accessKeyId: 'acsddda21dsd', accessKeySecret: 'zxasdasdasw2' };
  const scope = 'SLS4-HMAC-SHA256 Credential=acsddda21dsd/20220808';
  const dated = { 'x-log-date': '20220808T032330Z' };
  const noise = {
    hello: 'world',
    'hello-Text': 'a12X- ',
    ' Ko ': '',
    '': 'AA',
    'x-log-test': 'het123',
    'x-acs-ppp': 'dds',
  };
  const query = { ' abc': 'efg', ' agc ': '', '': 'efg', 'A-bc': 'eFg' };
  const body = 'adasd= -asd zcas';
  const signed = (request: {
    method: string;
    path: string;
    query: Record<string, string>;
    headers: Record<string, string>;
    region: string;
    body: string;
  }): string => {
    const bodySha256 = sha256Hex(request.body);
    const headers = { ...request.headers, 'x-log-content-sha256': bodySha256 };
    return signV4({ ...request, headers, bodySha256, ...key });
  };
  const common = {
    method: 'POST',
    path: '/logstores',
    query,
    headers: { ...noise, ...dated },
    region: 'cn-hangzhou',
    body,
  };

  const vectors = [
    {
      name: 'a body, odd headers and odd parameters',
      request: common,
      signature: 'a98f5632e93836e63839cd836a54055f480020a9364ca944e2d34f2eb9bf1bed',
    },
    {
      name: 'no parameters and another region',
      request: { ...common, query: {}, headers: dated, region: 'cn-shanghai' },
      signature: '8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8',
    },
    {
      name: 'no body',
      request: { ...common, body: '' },
      signature: '5a66d8f8051983e0e9d08e0f960ef9252ef971eead5bb5c7acec8617a2eb2701',
    },
    {
      name: 'GET without a body',
      request: { ...common, method: 'GET', body: '' },
      signature: 'd92741852500791d662a8d469ff61627c0559ecd86c3f59b7bf6772b6c62666a',
    },
    {
      name: 'a path and parameters full of special characters',
      request: {
        ...common,
        path: '/logstores/hello/a+*~bb/cc',
        query: {
          ...query,
          'abs-ij*asd/vc': 'a~js+d ada',
          'a abAas123/vc': 'a~jdad a2ADFs+d ada',
        },
      },
      signature: '2c204068e961a8813a6bcf7ac422f7fa6e9bf9a5da493e0165dfe100854d18ff',
    },
  ];
  test.each(vectors)('signs $name as the official SDK does', ({ request, signature }) => {
    expect(signed(request)).toBe(`${scope}/${request.region}/sls/aliyun_v4_request,Signature=${signature}`);
  });

  test('covers host and session token, but not headers that a proxy may add', () => {
    const plain = signed(common);
    const withHeader = (name: string, value: string): string =>
      signed({ ...common, headers: { ...common.headers, [name]: value } });
    expect(withHeader('Host', 'p.cn-hangzhou.log.aliyuncs.com')).not.toBe(plain);
    expect(withHeader('x-acs-security-token', 'token')).not.toBe(plain);
    expect(withHeader('Via', 'proxy')).toBe(plain);
    expect(withHeader('x-log-meta-a', 'b')).toBe(plain);
  });

  test('percent-encodes as RFC 3986 wants', () => {
    expect(percentEncode('123abc!@#$%^&*()-=_+ ~|\\/')).toBe(
      '123abc%21%40%23%24%25%5E%26%2A%28%29-%3D_%2B%20~%7C%5C%2F',
    );
    expect(percentEncode("你'\ud800")).toBe('%E4%BD%A0%27%EF%BF%BD');
  });
});

/** Blanks around a value do not count in HTTP. */
const padded = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, ` ${value}  `]));

describe('a server recomputing a signature', () => {
  const key = { accessKeyId: 'id', accessKeySecret: 'secret' };
  const name = fc.constantFrom('x-log-a', 'x-acs-b', 'content-type', 'host', 'via', 'x-log-bodyrawsize');
  const records = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.constantFrom('/', '/logstores/a/shards/0'),
    query: fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5, unit: 'binary' })),
    headers: fc.dictionary(name, fc.stringMatching(/^[ a-z]{0,6}$/)),
    bodySha256: fc.constantFrom(sha256Hex(), sha256Hex('x')),
  });
  const shuffled = (record: Record<string, string>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(record)
        .reverse()
        .map(([key, value]) => [key.toUpperCase(), value]),
    );

  test('comes to the same value, whatever the order and case of headers, in both versions', () => {
    fc.assert(
      fc.property(records, fc.boolean(), (request, four) => {
        const sign = (headers: Record<string, string>, path: string): string =>
          four
            ? signV4({ ...request, headers, path, region: 'local', ...key })
            : signV1({ ...request, headers, path, ...key });
        const headers = { ...request.headers, 'x-log-date': '20260101T000000Z' };
        const sent = sign(headers, request.path);
        const received = shuffled({ ...padded(headers), authorization: sent, connection: 'keep-alive' });
        expect(sign(received, request.path)).toBe(sent);
        expect(sign(received, '/other')).not.toBe(sent);
      }),
    );
  });

  test('reads who signed', () => {
    // The Go SDK writes SLS.
    expect(parseAuthorization('SLS id:c2ln')).toEqual(parseAuthorization('LOG id:c2ln'));
    expect(parseAuthorization('LOG id:c2ln')).toEqual({
      version: 'v1',
      accessKeyId: 'id',
      signature: 'c2ln',
    });
    const four = signV4({
      method: 'GET',
      path: '/',
      query: {},
      headers: { 'x-log-date': '20260102T030405Z' },
      region: 'cn-beijing',
      bodySha256: sha256Hex(),
      ...key,
    });
    expect(parseAuthorization(four)).toMatchObject({
      version: 'v4',
      accessKeyId: 'id',
      date: '20260102',
      region: 'cn-beijing',
    });
    expect(parseAuthorization('Bearer x')).toBeUndefined();
  });
});

function hmacSha1(key: string, text: string): string {
  return createHmac('sha1', key).update(text).digest('base64');
}
