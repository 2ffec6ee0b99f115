import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SourceError } from '../../../lib/errors.ts';
import type { Credentials } from '../../../lib/http/credentials.ts';
import type { Tracing } from '../../../lib/observe/tracing.ts';
import { addressOf, regionOf } from '../../../lib/sources/sls/endpoint.ts';
import { md5Hex, parseAuthorization, sha256Hex, signV1, signV4 } from '../../../lib/sources/sls/signature.ts';
import { createTransport, type SlsRequest } from '../../../lib/sources/sls/transport.ts';
import { type Reply, serve as serveAny } from '../../http/support.ts';
import { CREDENTIALS, optionsFor, type Received, refusal, serve, signal, TIMEOUT_MS } from './support.ts';

const get: SlsRequest = { method: 'GET', path: '/logstores/orders/shards', signal };
const post: SlsRequest = { ...get, method: 'POST', body: Buffer.from('{}') };
const OK = { status: 200, body: 'fine' };
const BUSY = refusal(503, 'ServerBusy');
const QUOTA = refusal(403, 'ShardReadQuotaExceed');

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('the request succeeded'),
    (error: unknown) => error,
  );
}

/** What the server computes from what it received. */
function resign(request: Received): string {
  const { method, path, query, body } = request;
  const headers = request.headers as Record<string, string>;
  const signed = { method, path, query, headers, ...CREDENTIALS };
  const sent = parseAuthorization(headers.authorization ?? '');
  if (sent?.version !== 'v4') return signV1(signed);
  return signV4({ ...signed, region: sent.region, bodySha256: sha256Hex(body) });
}

describe('an answer', () => {
  test.each(['', '<html>log in</html>', '{}', '[]'])('of somebody else (%j) is no success', async (body) => {
    const server = await serveAny({ body });
    for (const request of [get, post]) {
      await expect(createTransport(optionsFor(server))(request)).rejects.toMatchObject({
        code: 'BadResponse',
        retriable: true,
        outcome: 'unknown',
      });
    }
  });
});

describe('a request', () => {
  test('is signed with version 4, and names the project as its host', async () => {
    const server = await serve(OK);
    const query = { cursor: 'MTQ0+/=', type: 'log', odd: "a b'*é&=?" };
    const response = await createTransport(optionsFor(server))({ ...get, query });

    expect(response.body.toString()).toBe('fine');
    const [request] = server.received;
    expect(request!.headers.host).toBe(`shop.127.0.0.1:${server.port}`);
    expect(request!.query).toEqual(query);
    expect(request!.headers['x-log-apiversion']).toBe('0.6.0');
    expect(request!.headers['x-log-bodyrawsize']).toBe('0');
    expect(request!.headers['x-log-date']).toBe('20251121T044000Z');
    expect(request!.headers.authorization).toMatch('/20251121/cn-hangzhou/sls/aliyun_v4_request');
    expect(request!.headers.authorization).toBe(resign(request!));
  });

  test('is signed with version 1 where that is wanted, its body too', async () => {
    const server = await serve(OK);
    const options = { ...optionsFor(server), signature: 'v1', region: undefined } as const;
    await createTransport(options)(post);

    const { headers } = server.received[0]!;
    expect(headers.authorization).toMatch(/^LOG the-id:/);
    expect(headers.authorization).toBe(resign(server.received[0]!));
    expect(headers['content-md5']).toBe(md5Hex('{}'));
    expect(headers.date).toBe('Fri, 21 Nov 2025 04:40:00 GMT');
  });

  test.each(['v1', 'v4'] as const)('carries a session token under its signature (%s)', async (signature) => {
    const server = await serve(OK);
    const credentials = () => ({ ...CREDENTIALS, securityToken: 'the-token' });
    await createTransport({ ...optionsFor(server), signature, credentials })(get);

    const [request] = server.received;
    expect(request!.headers['x-acs-security-token']).toBe('the-token');
    expect(request!.headers.authorization).toBe(resign(request!));
    delete request!.headers['x-acs-security-token'];
    expect(request!.headers.authorization).not.toBe(resign(request!));
  });

  test('uses the connection of the one before', async () => {
    const server = await serve(OK);
    const transport = createTransport(optionsFor(server));
    await transport(get);
    await transport(get);
    expect(server.received[1]!.port).toBe(server.received[0]!.port);
  });

  test('leaves no timer and no listener behind', async () => {
    const server = await serve(BUSY, OK);
    const options = optionsFor(server);
    const timers: AbortSignal[] = [];
    const sleep = (durationMs: number, signal?: AbortSignal): Promise<void> => {
      if (durationMs === TIMEOUT_MS) timers.push(signal!);
      return options.clock.sleep(durationMs, signal);
    };
    const controller = new AbortController();
    const transport = createTransport({ ...options, clock: { ...options.clock, sleep } });
    await transport({ ...get, signal: controller.signal });
    expect(timers.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('tells how far the clock of the service is ahead', async () => {
    const date = new Date(optionsFor({ url: '' }).clock.now() + 60_000).toUTCString();
    const server = await serve({ headers: { date } });
    const skews: number[] = [];
    await createTransport({ ...optionsFor(server), onSkew: (skewMs) => skews.push(skewMs) })(get);
    expect(skews).toEqual([60_500]);
  });

  test('has a span, one with all of its attempts', async () => {
    const spans: string[] = [];
    const tracing: Tracing = {
      async span(name, { request, service }, work) {
        spans.push(`begins ${name} ${request} ${service}`);
        const answer = await work({ set() {}, fail() {} });
        spans.push('ends');
        return answer;
      },
    };
    const server = await serve(BUSY, OK);
    await createTransport({ ...optionsFor(server), tracing })(get);
    expect(spans).toEqual([`begins request ${get.method} ${get.path} 127.0.0.1`, 'ends']);
    expect(server.received).toHaveLength(2);
  });

  test('tells of every answer how much was transferred', async () => {
    const answers: number[] = [];
    const onAnswer = (bytes: number): void => void answers.push(bytes);
    await createTransport({ ...optionsFor(await serve(BUSY, OK)), onAnswer })(get);
    expect(answers).toEqual([expect.any(Number), 4]);
  });

  test('tells of every attempt that fails, and whether it was refused for a quota', async () => {
    const failures: string[] = [];
    const told = async (...replies: Reply[]): Promise<string[]> => {
      failures.length = 0;
      const options = {
        ...optionsFor(await serve(...replies)),
        onFailure: (why: string) => failures.push(why),
      };
      await createTransport(options)(get).catch(() => {});
      return [...failures];
    };
    expect(await told(OK)).toEqual([]);
    expect(await told(refusal(403, 'ReadQuotaExceed'), BUSY, OK)).toEqual(['throttled', 'failed']);
    expect(await told(refusal(404, 'ShardNotExist'))).toEqual(['failed']);
  });
});

describe('a refusal', () => {
  test('becomes an error with the service’s code, status and request id', async () => {
    const server = await serve(refusal(404, 'ShardNotExist'));
    const error = await failure(createTransport(optionsFor(server))(get));
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({
      code: 'ShardNotExist',
      status: 404,
      requestId: 'REQUEST-1',
      retriable: false,
      message: 'GET /logstores/orders/shards: 404 ShardNotExist: the message of ShardNotExist',
    });
  });

  test.each([
    refusal(400, 'InvalidCursor'),
    refusal(400, 'RequestTimeExpired'),
    refusal(401, 'SignatureNotMatch'),
    refusal(403, 'Unauthorized'),
    refusal(400, 'ProjectQuotaExceed'),
    refusal(404, 'ProjectNotExist'),
    refusal(405, 'InvalidMethod'),
    { status: 301 },
    { status: 204 },
  ])('is final: $status $body', async (answer) => {
    const server = await serve(answer);
    expect(await failure(createTransport(optionsFor(server))(get))).toMatchObject({ retriable: false });
    expect(server.received).toHaveLength(1);
  });

  test.each([
    { status: 502, body: '<html>Bad Gateway</html>' },
    { status: 502, body: '' },
    { status: 502, body: 'null' },
    { status: 502, body: '{"errorCode":7}' },
  ])('without a code is a bad response of that status: $body', async (answer) => {
    const server = await serveAny(answer);
    const error = await failure(createTransport(optionsFor(server))(get));
    expect(error).toMatchObject({ code: 'BadResponse', status: 502, retriable: true, requestId: undefined });
  });

  test('is understood also in the older form', async () => {
    const server = await serve({ status: 400, body: '{"Error":{"Code":"OldCode","Message":"old"}}' });
    expect(await failure(createTransport(optionsFor(server))(get))).toMatchObject({ code: 'OldCode' });
  });

  test('with an endless message makes a short error', async () => {
    const server = await serve({ status: 400, body: 'x'.repeat(100_000) });
    const error = (await failure(createTransport(optionsFor(server))(get))) as Error;
    expect(error.message.length).toBeLessThan(700);
  });

  test('shows no secret', async () => {
    const server = await serve('reset', refusal(401, 'SignatureNotMatch'));
    const credentials = () => ({ ...CREDENTIALS, securityToken: 'the-token' });
    const options = { ...optionsFor(server), credentials };
    const errors = [
      await failure(createTransport({ ...options, attemptsMax: 1 })(get)),
      await failure(createTransport(options)(get)),
    ];
    expect(inspect(errors, { depth: 10 })).not.toMatch(/the-secret|the-token|Signature=/);
  });
});

describe('a failure that may pass', () => {
  test.each([
    BUSY,
    refusal(500, 'InternalServerError'),
    refusal(429, 'TooManyRequests'),
    QUOTA,
    refusal(403, 'ReadQuotaExceed'),
    refusal(403, 'ExceedQuota'),
    'reset',
    'cut',
  ] as const)('is repeated: %j', async (answer) => {
    const server = await serve(answer, answer, OK);
    const options = optionsFor(server);
    expect((await createTransport(options)(get)).body.toString()).toBe('fine');
    expect(options.clock.waitsMs).toEqual([100, 200]);
  });

  test('is repeated three times in all, then thrown', async () => {
    const server = await serve(BUSY);
    const error = await failure(createTransport(optionsFor(server))(get));
    expect(error).toMatchObject({ code: 'ServerBusy', status: 503, retriable: true });
    expect(server.received).toHaveLength(3);
  });

  test('is repeated after a random wait, which doubles up to a limit', async () => {
    const server = await serve(BUSY);
    const options = { ...optionsFor(server), attemptsMax: 8 };
    await failure(createTransport({ ...options, random: { ...options.random, next: () => 0.999_999 } })(get));
    expect(options.clock.waitsMs.map(Math.round)).toEqual([200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  test('is repeated with fresh credentials and a fresh date', async () => {
    const server = await serve(BUSY, OK);
    const options = optionsFor(server);
    let asked = 0;
    const credentials = async () => ({ ...CREDENTIALS, accessKeyId: `id-${++asked}` });
    await createTransport({
      ...options,
      random: { ...options.random, next: () => 5 },
      credentials,
    })(get);
    const [first, second] = server.received.map(({ headers }) => headers);
    expect(first!.authorization).toContain('id-1');
    expect(second!.authorization).toContain('id-2');
    expect(second!['x-log-date']).toBe('20251121T044001Z');
  });

  test('of the network names its cause', async () => {
    const server = await serve('reset');
    const error = await failure(createTransport(optionsFor(server))(get));
    expect(error).toMatchObject({ code: 'NetworkError', status: 0, cause: { code: 'ECONNRESET' } });
  });

  test('of the credentials is not ours to repeat', async () => {
    const server = await serve(OK);
    const credentials = () => Promise.reject(new Error('no role'));
    const error = await failure(createTransport({ ...optionsFor(server), credentials })(get));
    expect(error).toMatchObject({ message: 'no role' });
    expect(server.received).toHaveLength(0);
  });
});

describe('refused credentials', () => {
  const NEW = { accessKeyId: 'new-id', accessKeySecret: 'new-secret', securityToken: 'new-token' };
  const refusals = [
    refusal(401, 'Unauthorized'),
    refusal(403, 'Unauthorized'),
    refusal(401, 'SignatureNotMatch'),
    refusal(403, 'InvalidAccessKeyId'),
    refusal(400, 'SecurityTokenExpired'),
    refusal(400, 'SecurityToken.Expired'),
  ];

  /** Gives `CREDENTIALS` until told that they were refused. */
  function rotating(others: Credentials = NEW) {
    const told: (Credentials | undefined)[] = [];
    let current: Credentials = CREDENTIALS;
    const credentials = (refused?: Credentials): Credentials => {
      told.push(refused);
      if (refused !== undefined) current = others;
      return current;
    };
    return { credentials, told };
  }

  test.each(refusals)(
    'are asked for again, and the request is sent with the new ones: $body',
    async (answer) => {
      const server = await serve(answer, OK);
      const { credentials, told } = rotating();
      const options = { ...optionsFor(server), credentials };
      expect((await createTransport(options)(get)).body.toString()).toBe('fine');
      expect(told).toEqual([undefined, CREDENTIALS]);
      const [first, second] = server.received;
      expect(first!.headers.authorization).toContain('the-id');
      expect(second!.headers.authorization).toContain('new-id');
      expect(second!.headers['x-acs-security-token']).toBe('new-token');
      expect(options.clock.waitsMs).toEqual([]);
    },
  );

  test('did nothing yet, so that what must not happen twice is sent again too', async () => {
    const server = await serve(refusal(401, 'Unauthorized'), OK);
    await createTransport({ ...optionsFor(server), ...rotating() })(post);
    expect(server.received[1]!.body.toString()).toBe('{}');
  });

  test('are asked for once: the second refusal is final', async () => {
    const server = await serve(refusal(401, 'Unauthorized'));
    const { credentials, told } = rotating();
    const error = await failure(createTransport({ ...optionsFor(server), credentials })(get));
    expect(error).toMatchObject({ code: 'Unauthorized', retriable: false });
    expect(told).toEqual([undefined, CREDENTIALS]);
    expect(server.received).toHaveLength(2);
  });

  test('that are still the same are not sent again', async () => {
    const server = await serve(refusal(401, 'Unauthorized'));
    const { credentials } = rotating({ ...CREDENTIALS });
    await failure(createTransport({ ...optionsFor(server), credentials })(get));
    expect(server.received).toHaveLength(1);
  });

  test('are not suspected after other refusals', async () => {
    const server = await serve(refusal(404, 'ShardNotExist'));
    const { credentials, told } = rotating();
    await failure(createTransport({ ...optionsFor(server), credentials })(get));
    expect(told).toEqual([undefined]);
  });

  test('old or new, show no secret', async () => {
    const server = await serve(refusal(401, 'Unauthorized'));
    const { credentials } = rotating();
    const error = await failure(createTransport({ ...optionsFor(server), credentials })(get));
    expect(inspect(error, { depth: 10 })).not.toMatch(/the-secret|new-secret|new-token|Signature=/);
  });
});

describe('a request that must not happen twice', () => {
  test.each([BUSY, 'reset', 'cut'] as const)(
    'is not repeated when it may have happened: %j',
    async (answer) => {
      const server = await serve(answer, OK);
      expect(await failure(createTransport(optionsFor(server))(post))).toMatchObject({ retriable: true });
      expect(server.received).toHaveLength(1);
    },
  );

  test('is repeated when the service refused it for its quota', async () => {
    const server = await serve(refusal(403, 'WriteQuotaExceed'), OK);
    await createTransport(optionsFor(server))(post);
    expect(server.received).toHaveLength(2);
    expect(server.received[1]!.body.toString()).toBe('{}');
  });

  test('is repeated when nobody was there to receive it', async () => {
    const options = optionsFor({ url: 'http://127.0.0.1:1' });
    const error = await failure(createTransport(options)(post));
    expect(error).toMatchObject({ code: 'NetworkError', cause: { code: 'ECONNREFUSED' } });
    expect(options.clock.waitsMs).toHaveLength(2);
  });

  test('is repeated all the same if the caller says that it may', async () => {
    const server = await serve(BUSY, OK);
    await createTransport(optionsFor(server))({ ...post, idempotent: true });
    expect(server.received).toHaveLength(2);
  });
});

describe('a service that does not answer', () => {
  test('is given up after the timeout of every attempt', async () => {
    const server = await serve('hang');
    const options = optionsFor(server);
    const error = failure(createTransport(options)(get));
    for (const attempt of [1, 2, 3]) {
      await server.arrival(attempt);
      options.clock.advance(TIMEOUT_MS);
    }
    expect(await error).toMatchObject({ code: 'Timeout', status: 0, retriable: true });
    await Promise.all(server.received.map(({ closed }) => closed));
  });

  test('is left at once when the caller aborts', async () => {
    const server = await serve('hang');
    const controller = new AbortController();
    const error = failure(createTransport(optionsFor(server))({ ...get, signal: controller.signal }));
    await server.arrival(1);
    const reason = new Error('deadline');
    controller.abort(reason);
    expect(await error).toBe(reason);
    await server.received[0]!.closed;
    expect(server.received).toHaveLength(1);
  });

  test('is not repeated once the caller aborted, not even the wait for it', async () => {
    const server = await serve(BUSY);
    const controller = new AbortController();
    const reason = new Error('deadline');
    const options = optionsFor(server);
    const clock = {
      ...options.clock,
      sleep(durationMs: number, signal?: AbortSignal) {
        if (durationMs < TIMEOUT_MS) queueMicrotask(() => controller.abort(reason));
        return Promise.race([
          new Promise<void>(() => undefined),
          new Promise<void>((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason));
          }),
        ]);
      },
    };
    const request = { ...get, signal: controller.signal };
    expect(await failure(createTransport({ ...options, clock })(request))).toBe(reason);
    expect(server.received).toHaveLength(1);
  });

  test('is never asked if the caller aborted before', async () => {
    const server = await serve(OK);
    const reason = new Error('too late');
    const request = { ...get, signal: AbortSignal.abort(reason) };
    expect(await failure(createTransport(optionsFor(server))(request))).toBe(reason);
    expect(server.received).toHaveLength(0);
  });

  test('counts as such while credentials do not come', async () => {
    const server = await serve(OK);
    const options = { ...optionsFor(server), attemptsMax: 1 };
    const asked = Promise.withResolvers<void>();
    const credentials = () => {
      asked.resolve();
      return new Promise<never>(() => undefined);
    };
    const error = failure(createTransport({ ...options, credentials })(get));
    await asked.promise;
    options.clock.advance(TIMEOUT_MS);
    expect(await error).toMatchObject({ code: 'Timeout' });
  });
});

describe('an answer that is too long', () => {
  test.each(['GET', 'POST'] as const)('is not read on, nor asked for again (%s)', async (method) => {
    const server = await serve({ body: 'x'.repeat(1001) });
    const transport = createTransport({ ...optionsFor(server), responseBytesMax: 1000 });
    const error = await failure(transport({ ...get, method }));
    expect(error).toMatchObject({ code: 'BadResponse', retriable: false });
    expect(server.received).toHaveLength(1);
  });

  test('begins beyond the limit', async () => {
    const server = await serve({ body: 'x'.repeat(1000) });
    const transport = createTransport({ ...optionsFor(server), responseBytesMax: 1000 });
    expect((await transport(get)).body).toHaveLength(1000);
  });
});

describe('an endpoint', () => {
  test.each([
    {
      endpoint: 'cn-hangzhou.log.aliyuncs.com',
      hostname: 'shop.cn-hangzhou.log.aliyuncs.com',
      host: 'shop.cn-hangzhou.log.aliyuncs.com',
      port: 443,
      secure: true,
    },
    {
      endpoint: 'http://cn-hangzhou-intranet.log.aliyuncs.com',
      hostname: 'shop.cn-hangzhou-intranet.log.aliyuncs.com',
      host: 'shop.cn-hangzhou-intranet.log.aliyuncs.com',
      port: 80,
      secure: false,
    },
    { endpoint: 'https://10.0.0.1', hostname: '10.0.0.1', host: 'shop.10.0.0.1', port: 443, secure: true },
    {
      endpoint: 'http://127.0.0.1:8080',
      hostname: '127.0.0.1',
      host: 'shop.127.0.0.1:8080',
      port: 8080,
      secure: false,
    },
    { endpoint: 'http://[::1]:8080', hostname: '::1', host: 'shop.[::1]:8080', port: 8080, secure: false },
    {
      endpoint: 'localhost:8443',
      hostname: 'localhost',
      host: 'shop.localhost:8443',
      port: 8443,
      secure: true,
    },
  ])('says where to connect, and which host to name: $endpoint', ({ endpoint, ...address }) => {
    expect(addressOf(endpoint, 'shop')).toEqual(address);
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
  ])('is refused: %j', (endpoint) => {
    expect(() => addressOf(endpoint, 'shop')).toThrow(expect.objectContaining({ field: 'endpoint' }));
  });

  test('does not name the project: that would be there twice', () => {
    expect(() => addressOf('https://shop.cn-hangzhou.log.aliyuncs.com', 'shop')).toThrow(
      /leave out the project/,
    );
    expect(addressOf('shops.example.com', 'shop').hostname).toBe('shop.shops.example.com');
  });

  test('of the accelerated network is one for all regions', () => {
    expect(addressOf('log-global.aliyuncs.com', 'shop')).toMatchObject({
      hostname: 'shop.log-global.aliyuncs.com',
      port: 443,
      secure: true,
    });
    const options = { ...optionsFor({ url: 'log-global.aliyuncs.com' }), region: undefined };
    expect(() => createTransport(options)).toThrow(/^region: .*does not name it/);
  });

  test.each([
    ['cn-hangzhou.log.aliyuncs.com', 'cn-hangzhou'],
    ['https://ap-southeast-1.log.aliyuncs.com', 'ap-southeast-1'],
    ['http://cn-hangzhou-intranet.log.aliyuncs.com:80', 'cn-hangzhou'],
    ['cn-shanghai-internal.log.aliyuncs.com', 'cn-shanghai'],
    ['cn-hangzhou-acdr-ut-1-vpc.sls.aliyuncs.com', 'cn-hangzhou-acdr-ut-1'],
    ['cn-hangzhou-acdr-ut-1-share.log.aliyuncs.com', 'cn-hangzhou-acdr-ut-1'],
    ['CN-HANGZHOU.log.aliyuncs.com', 'cn-hangzhou'],
    ['log-global.aliyuncs.com', undefined],
    ['cn-hangzhou.oss.aliyuncs.com', undefined],
    ['cn-hangzhou.log.aliyuncs.com.example.com', undefined],
    ['a.cn-hangzhou.log.aliyuncs.com', undefined],
    ['http://127.0.0.1:8080', undefined],
    ['a b', undefined],
  ])('%s names the region %s', (endpoint, region) => {
    expect(regionOf(endpoint)).toBe(region);
  });

  test('that names the region is enough for version 4', async () => {
    const options = { ...optionsFor({ url: 'cn-beijing-intranet.log.aliyuncs.com' }), region: undefined };
    expect(() => createTransport(options)).not.toThrow();
  });

  test('needs a region under version 4, and none under version 1', () => {
    const options = { ...optionsFor({ url: 'http://127.0.0.1' }), region: undefined };
    expect(() => createTransport(options)).toThrow(expect.objectContaining({ field: 'region' }));
    createTransport({ ...options, signature: 'v1' });
  });
});
