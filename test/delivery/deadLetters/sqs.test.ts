import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetterStore } from '../../../lib/delivery/deadLetters/deadLetters.ts';
import { createSqsDeadLetters } from '../../../lib/delivery/deadLetters/sqs.ts';
import { describeDeadLetters } from '../../conformance/deadLetters.ts';
import { createWaitingClock, type WaitingClock } from '../../http/support.ts';
import { account, SECRETS } from '../../support/awsService.ts';
import { createCountingRandom } from '../../support/clock.ts';
import { collected, letterOf } from '../../support/letters.ts';
import { type SqsService, startSqsService } from '../../support/sqsService.ts';

const options = { signal: new AbortController().signal };
const leased = { ...options, leaseMs: 60_000 };

describe('SQS', () => {
  let service: SqsService;
  let clock: WaitingClock;
  beforeAll(async () => {
    service = await startSqsService();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    service.clear();
    service.requests.length = 0;
    service.fault = () => undefined;
    service.messageBytesMax = 1024 * 1024;
    clock = createWaitingClock();
    service.clock = clock;
  });

  const openQueue =
    (queue: string) =>
    (group = 'orders', lettersMax = 100) =>
      createSqsDeadLetters({
        url: `${service.url}/123456789012/${queue}`,
        account,
        group,
        lettersMax,
        clock,
        now: clock.now,
        random: createCountingRandom(),
      });
  const open = openQueue('orders.fifo');
  const openStandard = openQueue('orders');
  const put = (store: DeadLetterStore, ...indexes: number[]) =>
    store.put(
      indexes.map((index) => letterOf(index)),
      options,
    );
  const redriven = async (store: DeadLetterStore): Promise<string[]> => {
    const ids: string[] = [];
    for await (const claim of store.claims({}, leased)) {
      if (claim === 'taken') continue;
      ids.push(claim.letter.id);
      await claim.remove(options);
    }
    return ids;
  };

  describeDeadLetters('a FIFO queue of SQS', async () => ({ clock, open }), { looksUp: false });

  it('has a message for each letter, which people can read', async () => {
    await put(open(), 0);
    const [message] = service.messages;
    expect(JSON.parse(message!.body)).toMatchObject({ id: '0/7/0', message: 'Error: no such order' });
    expect(message!.group).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes whatever characters a record has', async () => {
    const texts = ['\u0000\u0001\u000b', '\ufffe\uffff', 'ü\u{1f600}'];
    const pairs = texts.map((text) => [Buffer.from(text), Buffer.from(text)] as const);
    expect(
      await open().put([letterOf(0, { pairs, topic: '\ud800', tags: { '\uffff': '\ufffe' } })], options),
    ).toBe('kept');
    const [found] = await collected(open().list({}, options));
    expect(found!.record!.pairs.map(([key]) => Buffer.from(key).toString())).toEqual(texts);
    expect(found!.record).toMatchObject({ topic: '\ud800', tags: { '\uffff': '\ufffe' } });
  });

  it.each([
    [1024 * 1024, 1_000_000, true],
    [1024 * 1024, 1_048_500, false],
    [1024 * 1024, 5_000_000, false],
    [256 * 1024, 250_000, true],
    [256 * 1024, 262_000, false],
  ])(
    'of %i bytes a message, keeps a letter with a record of %i bytes: %s',
    async (bytesMax, length, isKept) => {
      service.messageBytesMax = bytesMax;
      const pairs = [[Buffer.from('content'), Buffer.alloc(length, 'x')]] as const;
      expect(await open().put([letterOf(0, { pairs })], options)).toBe('kept');
      const [found] = await collected(open().list({}, options));
      expect(found).toMatchObject({ id: '0/7/0', from: '7', index: 0 });
      expect(found!.record !== undefined).toBe(isKept);
    },
  );

  it('counts bytes, not characters, in what fits into a message', async () => {
    service.messageBytesMax = 256 * 1024;
    const pairs = [[Buffer.from('content'), Buffer.from('ü'.repeat(200_000))]] as const;
    expect(await open().put([letterOf(0, { pairs })], options)).toBe('kept');
    expect(await collected(open().list({}, options))).toMatchObject([{ id: '0/7/0', record: undefined }]);
  });

  it('may refuse to take back what a list has read: that comes back by itself', async () => {
    await put(open(), 0, 1);
    service.fault = ({ headers }) =>
      headers['x-amz-target'] === 'AmazonSQS.ChangeMessageVisibility'
        ? refusal(500, 'InternalError')
        : undefined;
    expect(await collected(open().list({}, options))).toHaveLength(2);
    clock.advance(60_000);
    expect(await redriven(open())).toHaveLength(2);
  });

  it('may hold a letter twice if it is no FIFO queue, or after five minutes; one redrive gives it once', async () => {
    const standard = openStandard();
    await put(standard, 0, 1);
    await put(standard, 0, 1, 2);
    await put(open(), 3);
    clock.advance(5 * 60_000);
    await put(open(), 3);
    expect(service.messages).toHaveLength(7);
    expect((await collected(standard.list({}, options))).map(({ id }) => id).sort()).toEqual([
      '0/7/0',
      '0/7/1',
      '0/7/2',
      '0/7/3',
    ]);
    expect((await redriven(standard)).sort()).toEqual(['0/7/0', '0/7/1', '0/7/2', '0/7/3']);
    expect(service.messages).toEqual([]);
  });

  it('leaves alone what somebody else has sent, and gives it back', async () => {
    await put(open(), 0);
    const foreign = { group: 'x', visibleAt: 0, received: 0, receipt: undefined };
    service.messages.unshift({ id: 'foreign', body: 'hello', ...foreign });
    expect(await redriven(open())).toEqual(['0/7/0']);
    expect(service.messages).toMatchObject([{ id: 'foreign', received: 1 }]);
    expect(service.messages[0]!.visibleAt).toBe(clock.now());
  });

  it('ends also if what it holds comes back meanwhile', async () => {
    await put(open(), 0, 1, 2, 3);
    let claims = 0;
    for await (const claim of open().claims({}, leased)) {
      claims++;
      clock.advance(30_000);
      if (claim !== 'taken') await claim.fail('no', options);
    }
    expect(claims).toBe(4);
    clock.advance(60_000);
    expect(await redriven(open())).toHaveLength(4);
  });

  it('ends also if what it holds comes back again and again', async () => {
    await put(open(), 0, 1, 2);
    service.fault = () => {
      // As if it was so slow that whatever was received is to be had again.
      for (const message of service.messages) message.visibleAt = 0;
      return undefined;
    };
    expect(await collected(open().list({}, options))).toHaveLength(3);
  });

  it('does not end the claim of somebody else, when its own is over', async () => {
    const store = openStandard();
    await put(store, 0);
    const first = store.claims({}, leased)[Symbol.asyncIterator]();
    const { value: late } = await first.next();
    clock.advance(60_000);
    const { value: other } = await store.claims({}, leased)[Symbol.asyncIterator]().next();
    if (late === undefined || late === 'taken' || other === undefined || other === 'taken')
      return expect.unreachable();
    expect(await late.fail('late', options)).toBe(false);
    await first.return?.();
    expect(service.messages[0]!.visibleAt).toBe(clock.now() + 60_000);
    return expect(await other.remove(options)).toBe(true);
  });

  it('waits for messages a moment, and takes one at a time', async () => {
    await put(open(), 0);
    await redriven(open());
    const received = service.requests.filter(
      ({ headers }) => headers['x-amz-target'] === 'AmazonSQS.ReceiveMessage',
    );
    expect(received.map(({ body }) => JSON.parse(body.toString()))).toEqual(
      Array(2).fill(
        expect.objectContaining({ MaxNumberOfMessages: 1, WaitTimeSeconds: 2, VisibilityTimeout: 60 }),
      ),
    );
  });

  it('puts again what was sent without an answer', async () => {
    let isLost = true;
    service.fault = ({ headers }) => {
      if (headers['x-amz-target'] !== 'AmazonSQS.SendMessage' || !isLost) return undefined;
      isLost = false;
      return 'lost';
    };
    expect(await put(open(), 0)).toBe('kept');
    expect(service.messages).toHaveLength(1);
    expect(clock.waitsMs).toHaveLength(1);
  });

  const refusal = (status: number, code: string) => ({
    status,
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: `no ${SECRETS.join(' ')}` }),
  });

  it.each([
    [
      refusal(400, 'AccessDeniedException'),
      'AccessDeniedException',
      false,
      /let the function's role do sqs:SendMessage in the queue http/,
    ],
    [
      refusal(400, 'InvalidSecurity'),
      'InvalidSecurity',
      false,
      /^sqs:SendMessage failed: 400 InvalidSecurity: no/,
    ],
    [
      refusal(400, 'RequestThrottled'),
      'RequestThrottled',
      true,
      /^sqs:SendMessage failed: 400 RequestThrottled/,
    ],
    [{ status: 500, body: 'not JSON' }, 'status 500', true, /500 status 500: no error message/],
    [{ status: 200, body: 'not JSON' }, 'BadResponse', true, /an unusable answer/],
    ['lost' as const, 'NetworkError', true, /^sqs:SendMessage failed: no answer/],
  ])('says what is to be done, and no secret: %j', async (fault, code, retriable, message) => {
    service.fault = ({ headers }) =>
      headers['x-amz-target'] === 'AmazonSQS.SendMessage' ? fault : undefined;
    const error = await put(open(), 0).then(
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

  it('says that there is no such queue, whatever is asked of it', async () => {
    const store = openQueue('nowhere')();
    const said = {
      retriable: false,
      message: expect.stringMatching(/there is no queue http.*make it, or correct/),
    };
    await expect(put(store, 0)).rejects.toMatchObject(said);
    await expect(store.count(options)).rejects.toMatchObject(said);
    await expect(collected(store.list({}, options))).rejects.toMatchObject(said);
  });
});
