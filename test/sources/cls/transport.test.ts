import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Credentials } from '../../../lib/http/credentials.ts';
import {
  parseControlAuthorization,
  parseDataAuthorization,
  signControl,
  signData,
} from '../../../lib/sources/cls/signature.ts';
import { createTransport, type Transport } from '../../../lib/sources/cls/transport.ts';
import {
  CREDENTIALS,
  controlRefusal,
  controlReply,
  dataRefusal,
  optionsFor,
  type Received,
  type Reply,
  serve,
  signal,
  TIMEOUT_MS,
} from './support.ts';

const FINE = controlReply({});
const NEW = { accessKeyId: 'new-id', accessKeySecret: 'new-secret', securityToken: 'new-token' };

interface Ask {
  idempotent?: boolean;
  signal?: AbortSignal;
}

/** One request of each plane. */
const PLANES = {
  control: (transport: Transport, ask: Ask = {}) =>
    transport.control({
      action: 'DescribePartitions',
      body: { TopicId: 't' },
      idempotent: true,
      signal,
      ...ask,
    }),
  data: (transport: Transport, ask: Ask = {}) =>
    transport.data({
      path: '/pull_log',
      query: { topic_id: 'a topic' },
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{}'),
      idempotent: true,
      signal,
      ...ask,
    }),
};
type Plane = keyof typeof PLANES;
const both = ['control', 'data'] as const;

/** The name of a plane, what it is told, and whether that may pass. */
const refusalOf = (plane: Plane, status: number, code: string): Reply =>
  plane === 'data' ? dataRefusal(status, code) : { ...(controlRefusal(code) as object), status };

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('the request succeeded'),
    (error: unknown) => error,
  );
}

/** What the server computes from what it received. */
function resign({ method, path, query, headers, body }: Received, secret = CREDENTIALS): string {
  const authorization = headers.authorization ?? '';
  const pick = (names: string[]) => Object.fromEntries(names.map((name) => [name, String(headers[name])]));
  const data = parseDataAuthorization(authorization);
  if (data)
    return signData({ method, path, query, headers: pick(data.headers), ...secret, signTime: data.signTime });
  const control = parseControlAuthorization(authorization)!;
  const timestamp = Number(headers['x-tc-timestamp']);
  return signControl({ headers: pick(control.headers), body, ...secret, timestamp });
}

describe('a request', () => {
  test('of the control plane is a signed POST that names action, version and region', async () => {
    const server = await serve(controlReply({ Partitions: [] }));
    const answer = await PLANES.control(createTransport(optionsFor(server)));

    expect(answer).toEqual({ Partitions: [], RequestId: 'REQUEST-1' });
    const [request] = server.received;
    expect(request).toMatchObject({ method: 'POST', path: '/', query: {} });
    expect(request!.body.toString()).toBe('{"TopicId":"t"}');
    expect(request!.headers).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      'content-type': 'application/json',
      'x-tc-action': 'DescribePartitions',
      'x-tc-version': '2020-10-16',
      'x-tc-region': 'ap-guangzhou',
      'x-tc-timestamp': '1763700000',
    });
    expect(request!.headers.authorization).toBe(resign(request!));
    expect(request!.headers).not.toHaveProperty('x-tc-token');
  });

  test('of the data plane is signed over its topic, from a minute ago to five ahead', async () => {
    const server = await serve({ body: 'fine' });
    const answer = await PLANES.data(createTransport(optionsFor(server)));

    expect(answer.body.toString()).toBe('fine');
    const [request] = server.received;
    expect(request).toMatchObject({ method: 'POST', path: '/pull_log', query: { topic_id: 'a topic' } });
    expect(parseDataAuthorization(request!.headers.authorization!)).toMatchObject({
      accessKeyId: 'the-id',
      signTime: '1763699940;1763700300',
      headers: ['content-type', 'host'],
      parameters: ['topic_id'],
    });
    expect(request!.headers.authorization).toBe(resign(request!));
    expect(request!.headers).not.toHaveProperty('x-cls-token');
  });

  test('leaves out a region that nobody knows', async () => {
    const server = await serve(FINE);
    await PLANES.control(createTransport({ ...optionsFor(server), region: undefined }));
    expect(server.received[0]!.headers).not.toHaveProperty('x-tc-region');
  });

  test.each(both)('of the %s plane carries a session token', async (plane) => {
    const server = await serve(FINE);
    const credentials = () => ({ ...CREDENTIALS, securityToken: 'the-token' });
    await PLANES[plane](createTransport({ ...optionsFor(server), credentials }));
    const { headers } = server.received[0]!;
    expect(headers['x-cls-token']).toBe('the-token');
    expect(headers['x-tc-token']).toBe(plane === 'control' ? 'the-token' : undefined);
  });

  test.each(both)('of the %s plane uses the connection of the one before', async (plane) => {
    const server = await serve(FINE);
    const transport = createTransport(optionsFor(server));
    await PLANES[plane](transport);
    await PLANES[plane](transport);
    expect(server.received[1]!.port).toBe(server.received[0]!.port);
  });

  test('tells how far the clock of the service is ahead', async () => {
    const date = new Date(optionsFor({ url: '' }).clock.now() + 60_000).toUTCString();
    const server = await serve({ ...(FINE as object), headers: { date } });
    const skews: number[] = [];
    await PLANES.control(createTransport({ ...optionsFor(server), onSkew: (skewMs) => skews.push(skewMs) }));
    expect(skews).toEqual([60_500]);
  });
});

/** Of each class of errors one or more; after how many attempts it is given up. */
const CLASSES = [
  // The rate: 20 requests in a second for each action. The official SDKs do not repeat the first one.
  { plane: 'control', status: 200, code: 'RequestLimitExceeded', attempts: 10, outcome: 'refused' },
  {
    plane: 'control',
    status: 200,
    code: 'RequestLimitExceeded.UinLimitExceeded',
    attempts: 10,
    outcome: 'refused',
  },
  { plane: 'control', status: 200, code: 'FailedOperation.ReadQpsLimit', attempts: 10, outcome: 'refused' },
  { plane: 'control', status: 429, code: 'TooManyRequests', attempts: 10, outcome: 'refused' },
  { plane: 'data', status: 429, code: 'SpeedQuotaExceed', attempts: 3, outcome: 'refused' },
  { plane: 'data', status: 403, code: 'SpeedQuotaExceed', attempts: 3, outcome: 'refused' },
  // The service.
  { plane: 'control', status: 200, code: 'InternalError', attempts: 3, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'InternalError.DbError', attempts: 3, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'FailedOperation.Timeout', attempts: 3, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'ServiceUnavailable', attempts: 3, outcome: 'unknown' },
  { plane: 'control', status: 503, code: 'Anything', attempts: 3, outcome: 'unknown' },
  { plane: 'data', status: 500, code: 'InternalError', attempts: 3, outcome: 'unknown' },
  { plane: 'data', status: 400, code: 'InternalError', attempts: 3, outcome: 'unknown' },
  { plane: 'data', status: 504, code: 'Timeout', attempts: 3, outcome: 'unknown' },
  { plane: 'data', status: 400, code: 'Timeout', attempts: 3, outcome: 'unknown' },
  { plane: 'data', status: 502, code: 'Anything', attempts: 3, outcome: 'unknown' },
  // What is asked for, or who asks: waiting does not mend it.
  { plane: 'control', status: 200, code: 'InvalidParameter', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'MissingParameter', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'FailedOperation', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'FailedOperation.TopicIsolated', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'LimitExceeded', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'LimitExceeded.Partition', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'OperationDenied', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'OperationDenied.AccountIsolate', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'ResourceNotFound.TopicNotExist', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'UnauthorizedOperation', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 200, code: 'AuthFailure.SignatureFailure', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 400, code: 'InvalidParameter', attempts: 1, outcome: 'unknown' },
  { plane: 'control', status: 404, code: 'Anything', attempts: 1, outcome: 'unknown' },
  { plane: 'data', status: 400, code: 'InvalidContent', attempts: 1, outcome: 'unknown' },
  { plane: 'data', status: 400, code: 'InvalidOffset', attempts: 1, outcome: 'unknown' },
  { plane: 'data', status: 401, code: 'AuthFailure.UnauthorizedOperation', attempts: 1, outcome: 'unknown' },
  { plane: 'data', status: 403, code: 'LogSizeExceed', attempts: 1, outcome: 'unknown' },
  { plane: 'data', status: 404, code: 'TopicNotExist', attempts: 1, outcome: 'unknown' },
  { plane: 'data', status: 413, code: 'RequestEntityTooLarge', attempts: 1, outcome: 'unknown' },
] as const;

describe('a refusal', () => {
  test.each(CLASSES)('of the $plane plane, $status $code, is tried $attempts times', async (row) => {
    const { plane, status, code, attempts, outcome } = row;
    const server = await serve(refusalOf(plane, status, code));
    const error = await failure(PLANES[plane](createTransport(optionsFor(server))));
    expect(error).toMatchObject({
      name: 'SourceError',
      code,
      status,
      outcome,
      retriable: attempts > 1,
      requestId: 'REQUEST-1',
      message: `${plane === 'data' ? 'POST /pull_log' : 'DescribePartitions'}: ${status} ${code}: the message of ${code}`,
    });
    expect(server.received).toHaveLength(attempts);
  });

  test.each(CLASSES.filter(({ attempts }) => attempts > 1))(
    'of the $plane plane, $status $code, is repeated for what must not happen twice only if it did not: $outcome',
    async ({ plane, status, code, attempts, outcome }) => {
      const server = await serve(refusalOf(plane, status, code));
      await failure(PLANES[plane](createTransport(optionsFor(server)), { idempotent: false }));
      expect(server.received).toHaveLength(outcome === 'refused' ? attempts : 1);
    },
  );

  test('of the data plane may be worded as of the control plane, and the other way round', async () => {
    const data = await serve({ ...(controlRefusal('TopicNotExist') as object), status: 404 });
    expect(await failure(PLANES.data(createTransport(optionsFor(data))))).toMatchObject({
      code: 'TopicNotExist',
    });
    const control = await serve(dataRefusal(404, 'TopicNotExist'));
    expect(await failure(PLANES.control(createTransport(optionsFor(control))))).toMatchObject({
      code: 'TopicNotExist',
      requestId: 'REQUEST-1',
    });
  });

  test.each([
    { status: 502, body: '<html>Bad Gateway</html>' },
    { status: 502, body: '' },
    { status: 502, body: 'null' },
    { status: 502, body: '[]' },
    { status: 502, body: '{"errorcode":7}' },
    { status: 502, body: '{"Response":{"Error":null}}' },
    { status: 502, body: '{"Response":{"Error":{"Code":7}}}' },
  ])('without a code is a bad response of that status: $body', async (answer) => {
    for (const plane of both) {
      const server = await serve(answer);
      const error = await failure(PLANES[plane](createTransport(optionsFor(server))));
      expect(error).toMatchObject({ code: 'BadResponse', status: 502, retriable: true });
    }
  });

  test.each([
    { status: 404, body: '{}' },
    { status: 301, body: '{"Response":{"RequestId":"r"}}' },
    { status: 204, body: '' },
  ])('is never taken for success: $status', async (answer) => {
    for (const plane of both) {
      const server = await serve(answer);
      const error = await failure(PLANES[plane](createTransport(optionsFor(server))));
      expect(error).toMatchObject({ code: 'BadResponse', status: answer.status, retriable: false });
    }
  });

  test.each(['', 'fine', '{}', 'null', '{"Response":[]}'])(
    'is what an answer of the control plane without a response is: %j',
    async (body) => {
      const server = await serve({ body });
      const error = await failure(PLANES.control(createTransport(optionsFor(server))));
      expect(error).toMatchObject({ code: 'BadResponse', retriable: true });
    },
  );

  test('with an endless message makes a short error', async () => {
    const server = await serve(controlRefusal('InvalidParameter', 'x'.repeat(10_000)));
    const error = (await failure(PLANES.control(createTransport(optionsFor(server))))) as Error;
    expect(error.message.length).toBeLessThan(700);
  });

  test.each(both)('of the %s plane shows no secret', async (plane) => {
    const server = await serve('reset', refusalOf(plane, 401, 'AuthFailure.SignatureFailure'));
    const credentials = () => ({ ...CREDENTIALS, securityToken: 'the-token' });
    const options = { ...optionsFor(server), credentials };
    const errors = [
      await failure(PLANES[plane](createTransport({ ...options, attemptsMax: 1 }))),
      await failure(PLANES[plane](createTransport(options))),
    ];
    expect(inspect(errors, { depth: 10 })).not.toMatch(/the-secret|the-token|ignature=/);
  });
});

describe('a failure that may pass', () => {
  test('waits for its turn ever longer where the rate is the reason, and gives way to the caller’s end', async () => {
    const server = await serve(controlRefusal('RequestLimitExceeded'));
    const options = optionsFor(server);
    const random = { ...options.random, next: () => 0.999_999 };
    await failure(PLANES.control(createTransport({ ...options, random })));
    expect(options.clock.waitsMs.map(Math.round)).toEqual([
      200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000,
    ]);

    const controller = new AbortController();
    const reason = new Error('deadline');
    const sleep = async (durationMs: number, signal?: AbortSignal): Promise<void> => {
      if (durationMs >= TIMEOUT_MS) return options.clock.sleep(durationMs, signal);
      controller.abort(reason);
      signal!.throwIfAborted();
    };
    const transport = createTransport({ ...options, random, clock: { ...options.clock, sleep } });
    expect(await failure(PLANES.control(transport, { signal: controller.signal }))).toBe(reason);
  });

  test.each(both)('is signed anew for the %s plane, at the time of that attempt', async (plane) => {
    const server = await serve(refusalOf(plane, 503, 'Busy'), FINE);
    const options = optionsFor(server);
    const random = { ...options.random, next: () => 5 };
    await PLANES[plane](createTransport({ ...options, random }));
    const [first, second] = server.received;
    const timeOf = ({ headers }: Received): unknown =>
      headers['x-tc-timestamp'] ?? parseDataAuthorization(headers.authorization!)!.signTime;
    expect(timeOf(first!)).not.toBe(timeOf(second!));
    expect(second!.headers.authorization).toBe(resign(second!));
  });

  test.each(both)(
    'is repeated on the %s plane where nobody is there to receive it, over HTTPS too',
    async (plane) => {
      for (const url of ['http://127.0.0.1:1', 'https://127.0.0.1:1']) {
        const options = optionsFor({ url });
        const error = await failure(PLANES[plane](createTransport(options), { idempotent: false }));
        expect(error).toMatchObject({
          code: 'NetworkError',
          outcome: 'refused',
          cause: { code: 'ECONNREFUSED' },
        });
        expect(options.clock.waitsMs).toHaveLength(plane === 'control' ? 9 : 2);
      }
    },
  );

  test.each(both)(
    'is repeated on the %s plane when the connection breaks, if twice does no harm',
    async (plane) => {
      for (const reply of ['reset', 'cut'] as const) {
        const again = await serve(reply, FINE);
        await PLANES[plane](createTransport(optionsFor(again)));
        expect(again.received).toHaveLength(2);
        const once = await serve(reply, FINE);
        const error = await failure(PLANES[plane](createTransport(optionsFor(once)), { idempotent: false }));
        expect(error).toMatchObject({ code: 'NetworkError', outcome: 'unknown', retriable: true });
        expect(once.received).toHaveLength(1);
      }
    },
  );

  test.each(both)('ends on the %s plane after the timeout of every attempt', async (plane) => {
    const server = await serve('hang');
    const options = optionsFor(server);
    const error = failure(PLANES[plane](createTransport(options)));
    for (const attempt of [1, 2, 3]) {
      await server.arrival(attempt);
      options.clock.advance(TIMEOUT_MS);
    }
    expect(await error).toMatchObject({ code: 'Timeout', status: 0, retriable: true, outcome: 'unknown' });
  });
});

test.each([
  { plane: 'control', timeoutMs: 10_000 },
  { plane: 'data', timeoutMs: 30_000 },
] as const)('an attempt of the $plane plane may take $timeoutMs ms unless told otherwise', async (row) => {
  const server = await serve(FINE);
  const { timeoutMs: _, ...options } = optionsFor(server);
  const sleepsMs: number[] = [];
  const sleep = (durationMs: number, signal?: AbortSignal): Promise<void> => {
    sleepsMs.push(durationMs);
    return options.clock.sleep(durationMs, signal);
  };
  await PLANES[row.plane](createTransport({ ...options, clock: { ...options.clock, sleep } }));
  expect(sleepsMs).toEqual([row.timeoutMs]);
});

describe('refused credentials', () => {
  /** Gives the new ones once the old were refused. */
  function rotating() {
    const told: (Credentials | undefined)[] = [];
    let current: Credentials = CREDENTIALS;
    const credentials = (refused?: Credentials): Credentials => {
      told.push(refused);
      if (refused !== undefined) current = NEW;
      return current;
    };
    return { credentials, told };
  }

  test.each([
    { plane: 'control', reply: controlRefusal('AuthFailure.SecretIdNotFound') },
    { plane: 'control', reply: controlRefusal('AuthFailure.TokenFailure') },
    { plane: 'control', reply: controlRefusal('AuthFailure.SignatureFailure') },
    { plane: 'data', reply: dataRefusal(401, 'AuthFailure.TokenFailure') },
    { plane: 'data', reply: dataRefusal(401, 'Unauthorized') },
    { plane: 'data', reply: dataRefusal(403, 'AuthFailure.SecretIdNotFound') },
  ] as const)(
    'are asked for again, and the request is sent with the new ones: $plane $reply.body',
    async (row) => {
      const server = await serve(row.reply, FINE);
      const { credentials, told } = rotating();
      const options = { ...optionsFor(server), credentials };
      await PLANES[row.plane](createTransport(options), { idempotent: false });
      expect(told).toEqual([undefined, CREDENTIALS]);
      expect(server.received[1]!.headers.authorization).toBe(resign(server.received[1]!, NEW));
      expect(server.received[1]!.headers['x-cls-token']).toBe('new-token');
      expect(options.clock.waitsMs).toEqual([]);
    },
  );

  test('are not suspected after other refusals', async () => {
    const server = await serve(controlRefusal('OperationDenied.ACLFailed'));
    const { credentials, told } = rotating();
    await failure(PLANES.control(createTransport({ ...optionsFor(server), credentials })));
    expect(told).toEqual([undefined]);
  });
});

describe('a clock that is wrong', () => {
  const now = optionsFor({ url: '' }).clock.now();
  const dated = (reply: Reply, date: number): Reply => ({
    ...(reply as object),
    headers: { date: new Date(date).toUTCString() },
  });

  test.each([
    { plane: 'control', reply: controlRefusal('AuthFailure.SignatureExpire') },
    { plane: 'data', reply: dataRefusal(401, 'AuthFailure.SignatureExpire') },
  ] as const)(
    'is corrected by the service’s, for this request and those to come: $plane',
    async ({ plane, reply }) => {
      const aheadMs = 3_600_000;
      const server = await serve(dated(reply, now + aheadMs), dated(FINE, now + aheadMs));
      const transport = createTransport(optionsFor(server));
      await PLANES[plane](transport, { idempotent: false });
      await PLANES[plane](transport);
      expect(server.received).toHaveLength(3);
      const signedAt = server.received.map(({ headers }) =>
        Number(
          headers['x-tc-timestamp'] ?? parseDataAuthorization(headers.authorization!)!.signTime.split(';')[0],
        ),
      );
      expect(signedAt[1]! - signedAt[0]!).toBe(3600);
      expect(signedAt[2]! - signedAt[0]!).toBe(3600);
    },
  );

  test('is not suspected while it agrees with the service’s', async () => {
    const server = await serve(dated(controlRefusal('AuthFailure.SignatureExpire'), now));
    const error = await failure(PLANES.control(createTransport(optionsFor(server))));
    expect(error).toMatchObject({ code: 'AuthFailure.SignatureExpire', retriable: false });
    expect(server.received).toHaveLength(1);
  });

  test('is corrected once at a time: a second refusal is final', async () => {
    const server = await serve(dated(controlRefusal('AuthFailure.SignatureExpire'), now - 3_600_000));
    await failure(PLANES.control(createTransport(optionsFor(server))));
    expect(server.received).toHaveLength(2);
  });
});

test('a body that nobody compressed is signed as it is sent', async () => {
  const server = await serve(FINE);
  await createTransport(optionsFor(server)).control({
    action: 'CommitConsumerOffsets',
    body: { Offset: 2n ** 63n - 1n, Name: '日志' },
    idempotent: true,
    signal,
  });
  const [request] = server.received;
  expect(request!.body.toString()).toBe('{"Offset":9223372036854775807,"Name":"日志"}');
  expect(request!.headers['content-length']).toBe(String(request!.body.length));
  expect(request!.headers.authorization).toBe(resign(request!));
});
