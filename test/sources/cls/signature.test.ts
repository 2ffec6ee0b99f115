import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formEncode,
  parseControlAuthorization,
  parseDataAuthorization,
  signControl,
  signData,
  signTimeOf,
} from '../../../lib/sources/cls/signature.ts';
import { CONTROL_VECTORS, DATA_VECTORS } from './signatureVectors.ts';

/** The SDK signs these and no others. */
const covered = (headers: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^(content-type|content-md5|host)$/i.test(name)),
  );

const data = {
  method: 'POST',
  path: '/pull_log',
  query: { topic_id: 'a-topic' },
  headers: { host: 'ap-guangzhou.cls.tencentcs.com', 'content-type': 'application/json' },
  accessKeyId: 'the-id',
  accessKeySecret: 'the-secret',
  signTime: '1;2',
};
const control = {
  headers: { host: 'cls.ap-guangzhou.tencentcloudapi.com', 'content-type': 'application/json' },
  body: '{}',
  accessKeyId: 'the-id',
  accessKeySecret: 'the-secret',
  timestamp: 1_700_000_000,
};

describe('a signature of the data plane', () => {
  test.each(DATA_VECTORS)(
    'is that of the official SDK: $method $path $query',
    ({ nowS, authorization, ...request }) => {
      const signTime = signTimeOf(nowS * 1000 + 700);
      expect(signData({ ...request, headers: covered(request.headers), signTime })).toBe(authorization);
    },
  );

  test.each(DATA_VECTORS)('comes apart: $path $query', ({ authorization, accessKeyId, nowS, query }) => {
    const time = `${nowS - 60};${nowS + 300}`;
    const parsed = parseDataAuthorization(authorization)!;
    expect(parsed).toMatchObject({ accessKeyId, signTime: time, keyTime: time });
    expect(parsed.parameters).toEqual(
      Object.keys(query)
        .map((name) => name.toLowerCase())
        .sort(),
    );
    expect(authorization).toContain(parsed.signature);
  });

  test('changes with everything it covers', () => {
    const signatures = [
      data,
      { ...data, method: 'GET' },
      { ...data, path: '/structuredlog' },
      { ...data, query: { topic_id: 'b-topic' } },
      { ...data, headers: { ...data.headers, host: 'ap-beijing.cls.tencentcs.com' } },
      { ...data, accessKeySecret: 'another' },
      { ...data, signTime: '1;3' },
    ].map((request) => parseDataAuthorization(signData(request))!.signature);
    expect(new Set(signatures).size).toBe(signatures.length);
  });

  test('does not depend on the order of headers and parameters, nor on the case of their names', () => {
    const query = { b: '2', a: '1' };
    const turned = { HOST: data.headers.host, 'Content-Type': 'application/json' };
    const signed = signData({ ...data, query });
    expect(signData({ ...data, query: { A: '1', b: '2' }, headers: turned })).toBe(signed);
  });

  test.each([
    '',
    'q-sign-algorithm=sha1',
    `q-sign-algorithm=md5&${'q-ak=a&q-sign-time=1;2&q-key-time=1;2&q-header-list=&q-url-param-list=&q-signature='}${'a'.repeat(40)}`,
    signData(data).replace('q-ak=the-id&', ''),
    signData(data).replace('q-ak=the-id&', 'q-ak=&'),
    signData(data).replace('q-sign-time=1;2', 'q-sign-time=1'),
    signData(data).slice(0, -1),
    signControl(control),
  ])('is not %j', (value) => {
    expect(parseDataAuthorization(value)).toBeUndefined();
  });

  test('encodes as forms do', () => {
    expect(formEncode("a b+/=~-_.!'()*é")).toBe('a+b%2B%2F%3D~-_.%21%27%28%29%2A%C3%A9');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(new URLSearchParams(`k=${formEncode(text)}`).get('k')).toBe(text);
      }),
    );
  });
});

describe('a signature of the control plane', () => {
  test.each(CONTROL_VECTORS)(
    'is that of the official SDK: $host $body',
    ({ host, contentType, authorization, ...rest }) => {
      expect(signControl({ ...rest, headers: { 'Content-Type': contentType, Host: host } })).toBe(
        authorization,
      );
    },
  );

  test('covers the body as bytes', () => {
    expect(signControl({ ...control, body: Buffer.from('日志') })).toBe(
      signControl({ ...control, body: '日志' }),
    );
    expect(signControl({ ...control, body: '[]' })).not.toBe(signControl(control));
  });

  test('may cover more headers, as those of the generated SDKs', () => {
    const headers = { ...control.headers, 'X-TC-Action': 'DescribePartitions' };
    const parsed = parseControlAuthorization(signControl({ ...control, headers }))!;
    expect(parsed.headers).toEqual(['content-type', 'host', 'x-tc-action']);
    const lower = { ...headers, 'X-TC-Action': 'describepartitions' };
    expect(signControl({ ...control, headers: lower })).toContain(parsed.signature);
  });

  test.each(CONTROL_VECTORS)('comes apart: $authorization', ({ authorization, accessKeyId, timestamp }) => {
    const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
    const parsed = parseControlAuthorization(authorization)!;
    expect(parsed).toMatchObject({ accessKeyId, date, service: 'cls', headers: ['content-type', 'host'] });
    expect(authorization).toContain(`Signature=${parsed.signature}`);
  });

  test.each([
    '',
    signControl(control).slice(0, -1),
    signControl(control).replace('TC3-', 'TC2-'),
    signControl(control).replace('2023-11-14/', ''),
    signData(data),
  ])('is not %j', (value) => {
    expect(parseControlAuthorization(value)).toBeUndefined();
  });
});
