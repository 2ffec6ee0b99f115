import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type AwsAccount, endpointOf } from '../../lib/credentials/awsCall.ts';
import { signAwsRequest } from '../../lib/credentials/awsSignature.ts';
import { createCredentials, fetchStored, parseCredentials } from '../../lib/credentials/stored.ts';
import { type Received, type Reply, type ScriptedServer, serve } from '../http/support.ts';
import { createManualClock } from '../support/clock.ts';

const KEY = { accessKeyId: 'the-id', accessKeySecret: 'the-secret' };
const AWS_KEY = { accessKeyId: 'AKIA', secretAccessKey: 'aws-secret', sessionToken: 'aws-token' };
const account: AwsAccount = {
  region: async () => 'ap-southeast-1',
  credentials: async () => AWS_KEY,
};

const SERVICES = [
  {
    service: 'secretsmanager',
    field: 'SHARDBEAT_SLS_SECRET',
    id: 'shop/sls',
    target: 'secretsmanager.GetSecretValue',
    asked: { SecretId: 'shop/sls' },
    permission: 'secretsmanager:GetSecretValue',
    missing: 'ResourceNotFoundException',
    holding: (text: unknown): Reply => ({ body: JSON.stringify({ Name: 'shop/sls', SecretString: text }) }),
  },
  {
    service: 'ssm',
    field: 'SHARDBEAT_SLS_PARAMETER',
    id: '/shop/sls',
    target: 'AmazonSSM.GetParameter',
    asked: { Name: '/shop/sls', WithDecryption: true },
    permission: 'ssm:GetParameter',
    missing: 'ParameterNotFound',
    holding: (text: unknown): Reply => ({
      body: JSON.stringify({ Parameter: { Type: 'SecureString', Value: text } }),
    }),
  },
] as const;

const refusal = (code: string, status = 400): Reply => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.any#${code}`, message: `the message of ${code}` }),
});

const clock = createManualClock();
const fetchFrom = (server: ScriptedServer, { service, id, field }: (typeof SERVICES)[number]) =>
  fetchStored({ service, id, field, endpoint: server.url }, account, clock);

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable('it succeeded'),
    (error: Error) => error,
  );
}

/** Signs again what arrived, as the service does to see whether the caller knows the secret. */
async function resign(
  { headers, body }: Received,
  service: string,
  region: string,
): Promise<string | undefined> {
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')![1]!.split(';');
  const given = names.filter((name) => name !== 'x-amz-date' && name !== 'x-amz-security-token');
  const signed = Object.fromEntries(given.map((name) => [name, String(headers[name])]));
  const request = { service, region, headers: signed, body: body.toString() };
  return (await signAwsRequest(request, AWS_KEY, clock.now())).authorization;
}

describe.each(SERVICES)('what $service holds', (service) => {
  test('is fetched with one signed call', async () => {
    const server = await serve(service.holding(JSON.stringify(KEY)));
    expect(await fetchFrom(server, service)).toEqual({
      ...KEY,
      securityToken: undefined,
      expiresAt: undefined,
    });
    expect(server.received).toHaveLength(1);
    const [request] = server.received;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': service.target,
        'x-amz-security-token': 'aws-token',
        host: `127.0.0.1:${server.port}`,
      },
    });
    expect(JSON.parse(request!.body.toString())).toEqual(service.asked);
    expect(request!.headers.authorization).toContain(`/ap-southeast-1/${service.service}/aws4_request`);
    expect(request!.headers.authorization).toBe(await resign(request!, service.service, 'ap-southeast-1'));
    await request!.closed;
  });

  test('is asked for in the region of its ARN', async () => {
    const server = await serve(service.holding(JSON.stringify(KEY)));
    const id = `arn:aws:${service.service}:eu-west-1:123456789012:secret:shop/sls-AbCdEf`;
    await fetchStored({ ...service, id, endpoint: server.url }, account, clock);
    expect(server.received[0]!.headers.authorization).toContain('/eu-west-1/');
  });

  test.each(['the-secret', '{"accessKeyId":"the-id"}', '"the-secret"', '[]', 'null', undefined, 7])(
    'must be credentials; %j is refused, and not shown',
    async (text) => {
      const server = await serve(service.holding(text));
      const error = await failure(fetchFrom(server, service));
      expect(error).toMatchObject({ name: 'SettingsError', field: service.field, retriable: false });
      expect(error.message).toMatch(/it must hold {"accessKeyId"/);
      expect(inspect(error, { depth: 10 })).not.toMatch(/the-secret|the-id|aws-secret|aws-token/);
    },
  );

  test.each([service.missing, 'AccessDeniedException'])(
    'is missing or forbidden (%s): the error says what to look at',
    async (code) => {
      const server = await serve(refusal(code));
      const error = await failure(fetchFrom(server, service));
      expect(error).toMatchObject({ name: 'SettingsError', field: service.field });
      expect(error.message).toContain(service.permission);
      expect(error.message).toContain(`400 ${code}: the message of ${code}`);
    },
  );

  test.each([
    [refusal('ThrottlingException'), 'ThrottlingException'],
    [refusal('InternalServiceError', 500), 'InternalServiceError'],
    [{ status: 503, body: '<html>' }, 'BadResponse'],
    [{ body: 'no JSON' }, 'BadResponse'],
    ['reset', 'NetworkError'],
  ] as const)('may be asked for again after %j', async (reply, code) => {
    const server = await serve(reply);
    expect(await failure(fetchFrom(server, service))).toMatchObject({
      name: 'SourceError',
      code,
      retriable: true,
    });
  });

  test('is waited for three seconds', async () => {
    const server = await serve('hang');
    const error = failure(fetchFrom(server, service));
    await server.arrival(1);
    clock.advance(3_000);
    expect(await error).toMatchObject({ code: 'Timeout', retriable: true });
    await server.received[0]!.closed;
  });
});

test('stored credentials are fetched once, and again when they are refused', async () => {
  const [service] = SERVICES;
  const server = await serve(
    service.holding(JSON.stringify(KEY)),
    service.holding(JSON.stringify({ ...KEY, accessKeySecret: 'rotated' })),
  );
  const credentials = createCredentials({ ...service, endpoint: server.url }, account, { clock });
  expect(server.received).toHaveLength(0);
  const first = await credentials();
  expect(await credentials()).toBe(first);
  expect(server.received).toHaveLength(1);
  clock.advance(60_000);
  expect(await credentials(first)).toMatchObject({ accessKeySecret: 'rotated' });
  expect(server.received).toHaveLength(2);
});

test('stored credentials are waited for no longer than half an attempt of what they are for', async () => {
  const [service] = SERVICES;
  const server = await serve('hang');
  const limits = { clock, timeoutMsMax: 1_000 };
  const error = failure(
    Promise.resolve(createCredentials({ ...service, endpoint: server.url }, account, limits)()),
  );
  await server.arrival(1);
  clock.advance(500);
  expect(await error).toMatchObject({ code: 'Timeout', message: expect.stringContaining('500 ms') });
});

test('the services are where AWS has them, in China too', () => {
  expect(endpointOf('ssm', 'eu-west-1')).toBe('https://ssm.eu-west-1.amazonaws.com');
  expect(endpointOf('secretsmanager', 'cn-north-1')).toBe(
    'https://secretsmanager.cn-north-1.amazonaws.com.cn',
  );
});

test('a function of the user is asked as it is', () => {
  const mine = () => KEY;
  expect(createCredentials(mine, account, { clock })).toBe(mine);
});

describe('stored text', () => {
  test('may be temporary, also as STS answers it', () => {
    const expected = { ...KEY, securityToken: 'token', expiresAt: Date.UTC(2026, 0, 31, 12) };
    const expiration = '2026-01-31T12:00:00Z';
    expect(parseCredentials(JSON.stringify({ ...KEY, securityToken: 'token', expiration }))).toEqual(
      expected,
    );
    const answer = {
      AccessKeyId: 'the-id',
      AccessKeySecret: 'the-secret',
      SecurityToken: 'token',
      Expiration: expiration,
    };
    expect(parseCredentials(JSON.stringify(answer))).toEqual(expected);
  });

  test.each([
    `\ufeff${JSON.stringify(KEY)}\r\n`,
    JSON.stringify({ accessKeyId: ' the-id\n', accessKeySecret: '\ufeffthe-secret\r\n' }),
    JSON.stringify({ ...KEY, securityToken: '', expiration: '' }),
    JSON.stringify({ ...KEY, securityToken: '\n', expiration: null }),
  ])('may come from a file, with what that puts around it, and a token of nothing: %j', (text) => {
    expect(parseCredentials(text)).toEqual({ ...KEY, securityToken: undefined, expiresAt: undefined });
  });

  test.each([
    { ...KEY, accessKeyId: '' },
    { ...KEY, accessKeySecret: 7 },
    { ...KEY, accessKeyId: ' \n' },
    { ...KEY, accessKeyId: 'the\nid' },
    { ...KEY, accessKeySecret: 'schlüssel' },
    { ...KEY, securityToken: 'a b' },
    { ...KEY, securityToken: 7 },
    { ...KEY, expiration: 'soon' },
    { ...KEY, expiration: '2026-02-30T00:00:00Z' },
  ])('is refused where a part cannot be used: %j', (value) => {
    expect(parseCredentials(JSON.stringify(value))).toBeUndefined();
  });
});
