import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketAddress } from '../../../lib/credentials/awsS3.ts';
import { createS3DeadLetters } from '../../../lib/delivery/deadLetters/s3.ts';
import { describeDeadLetters } from '../../conformance/deadLetters.ts';
import { createWaitingClock, type WaitingClock } from '../../http/support.ts';
import { account, SECRETS } from '../../support/awsService.ts';
import { createCountingRandom } from '../../support/clock.ts';
import { collected, letterOf } from '../../support/letters.ts';
import { type S3Service, startS3Service } from '../../support/s3Service.ts';

it.each([
  ['letters', 'eu-west-1', undefined, 'https://letters.s3.eu-west-1.amazonaws.com', '/'],
  ['letters', 'cn-north-1', undefined, 'https://letters.s3.cn-north-1.amazonaws.com.cn', '/'],
  ['my.letters', 'eu-west-1', undefined, 'https://s3.eu-west-1.amazonaws.com', '/my.letters/'],
  ['letters', 'eu-west-1', 'http://127.0.0.1:1', 'http://127.0.0.1:1', '/letters/'],
])('the bucket %s is asked for in %s at the right place', (bucket, region, endpoint, origin, root) => {
  const address = bucketAddress({ bucket, endpoint });
  expect([address.originIn(region), address.root]).toEqual([origin, root]);
});

const SKEW_MS = 7_000;
const options = { signal: new AbortController().signal };

describe('S3', () => {
  let service: S3Service;
  let clock: WaitingClock;
  beforeAll(async () => {
    service = await startS3Service();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    service.objects.clear();
    service.requests.length = 0;
    service.fault = () => undefined;
    clock = createWaitingClock();
  });

  const open = (group = 'orders', lettersMax = 100, bucket = 'letters') =>
    createS3DeadLetters({
      bucket,
      prefix: 'dead/letters/',
      endpoint: service.url,
      account,
      group,
      lettersMax,
      clock,
      now: clock.now,
      random: createCountingRandom(),
      skewMs: () => SKEW_MS,
    });
  const put = (...indexes: number[]) =>
    open().put(
      indexes.map((index) => letterOf(index)),
      options,
    );

  describeDeadLetters('S3', async () => ({ clock, open }));

  it('has an object for each letter, which people can read', async () => {
    await put(0);
    const [[key, text]] = [...service.objects] as [[string, string]];
    expect(key).toBe('letters/dead/letters/orders/0/0!2f7!2f0.json');
    expect(JSON.parse(text)).toMatchObject({ id: '0/7/0', message: 'Error: no such order', redrives: 0 });
  });

  it('takes a letter of any size', async () => {
    const value = Buffer.alloc(3_000_000, 'x');
    await open().put([letterOf(0, { pairs: [[Buffer.from('content'), value]] })], options);
    const [found] = await collected(open().list({}, options));
    expect(found!.record!.pairs[0]![1]).toHaveLength(3_000_000);
  });

  it('leaves alone what somebody else has put there', async () => {
    await put(0);
    const [text] = [...service.objects.values()];
    service.objects.set('letters/dead/letters/orders/0/mine.json', '{"a": 1}');
    service.objects.set('letters/dead/letters/orders/0/copied.json', text!);
    service.objects.set('letters/dead/letters/orders/readme.txt', 'text');
    expect((await collected(open().list({}, options))).map(({ id }) => id)).toEqual(['0/7/0']);
  });

  it('passes over a letter that is gone since it was listed', async () => {
    await put(0, 1);
    service.fault = ({ method, path }) => {
      if (method === 'GET' && path.includes('!2f0')) service.objects.delete(path.slice(1));
      return undefined;
    };
    expect((await collected(open().list({}, options))).map(({ id }) => id)).toEqual(['0/7/1']);
  });

  it('counts again after 10 s, and not before', async () => {
    const store = open('orders', 4);
    await store.put([letterOf(0)], options);
    // Of others, of which this one does not know.
    await open('orders', 100).put([letterOf(1), letterOf(2), letterOf(3)], options);
    const lists = () => service.requests.filter(({ query }) => query.has('list-type')).length;
    const before = lists();
    await store.put([letterOf(4)], options);
    expect(lists()).toBe(before);
    clock.advance(10_000);
    expect(await store.put([letterOf(5)], options)).toBe('full');
    expect(service.objects.size).toBe(5);
  });

  it('is asked in the time of the table, which the clock here may be wrong about', async () => {
    const { now } = clock;
    await open().put([letterOf(0)], options);
    const asked = new Date(now() + SKEW_MS).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    expect(service.requests.map(({ headers }) => headers['x-amz-date'])).toEqual([asked, asked]);
  });

  it('tries again what may pass, and puts no letter twice', async () => {
    const faults = [
      { status: 503, body: '<Error><Code>SlowDown</Code></Error>' },
      'lost',
      { status: 500 },
    ] as const;
    let at = 0;
    service.fault = ({ method }) => (method === 'PUT' && at < faults.length ? faults[at++]! : undefined);
    // Three attempts, and the next tick's.
    await expect(put(0)).rejects.toMatchObject({ name: 'StoreError', retriable: true });
    expect(await put(0)).toBe('kept');
    expect(service.objects.size).toBe(1);
    expect(clock.waitsMs).toHaveLength(2);
  });

  it('tries again when two write at the same moment', async () => {
    let conflicts = 2;
    service.fault = ({ method }) =>
      method === 'PUT' && conflicts-- > 0
        ? { status: 409, body: '<Error><Code>ConditionalRequestConflict</Code></Error>' }
        : undefined;
    expect(await put(0)).toBe('kept');
    service.fault = ({ method }) =>
      method === 'PUT' ? { status: 409, body: '<Error><Code>C</Code></Error>' } : undefined;
    await expect(put(1)).rejects.toMatchObject({ name: 'StoreError', code: 'C' });
  });

  const refusal = (status: number, code: string) => ({
    status,
    body: `<Error><Code>${code}</Code><Message>no ${SECRETS.join(' ')}</Message></Error>`,
  });

  it.each([
    [
      refusal(403, 'AccessDenied'),
      'AccessDenied',
      false,
      /^s3:PutObject failed: let the function's role do s3:PutObject in the bucket "letters"/,
    ],
    [refusal(301, 'PermanentRedirect'), 'PermanentRedirect', false, /is not in the region of the function/],
    [
      refusal(400, 'AuthorizationHeaderMalformed'),
      'AuthorizationHeaderMalformed',
      false,
      /is not in the region/,
    ],
    [refusal(400, 'EntityTooLarge'), 'EntityTooLarge', false, /^s3:PutObject failed: 400 EntityTooLarge: no/],
    [refusal(503, 'SlowDown'), 'SlowDown', true, /^s3:PutObject failed: 503 SlowDown/],
    [{ status: 500, body: 'not XML' }, 'status 500', true, /500 status 500: not XML/],
    ['lost' as const, 'NetworkError', true, /^s3:PutObject failed: no answer/],
  ])('says what is to be done, and no secret: %j', async (fault, code, retriable, message) => {
    service.fault = ({ method }) => (method === 'PUT' ? fault : undefined);
    const error = await put(0).then(
      () => expect.unreachable('it was kept'),
      (error: Error) => error,
    );
    expect(error).toMatchObject({
      name: 'StoreError',
      code,
      retriable,
      message: expect.stringMatching(message),
    });
    for (const secret of SECRETS) expect(error.message).not.toContain(secret);
  });

  it('says that there is no such bucket, whatever is asked of it', async () => {
    const store = open('orders', 100, 'nowhere');
    const said = {
      retriable: false,
      message: expect.stringContaining('there is no bucket "nowhere": make it'),
    };
    await expect(store.put([letterOf(0)], options)).rejects.toMatchObject(said);
    await expect(store.count(options)).rejects.toMatchObject(said);
    await expect(collected(store.list({}, options))).rejects.toMatchObject(said);
  });
});
