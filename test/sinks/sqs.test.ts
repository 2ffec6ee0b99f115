import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SqsSinkOptions, sqsSink } from '../../lib/sinks/sqs.ts';
import { account } from '../support/awsService.ts';
import { type SqsService, startSqsService } from '../support/sqsService.ts';
import { createHastyClock, give, type HastyClock, linesOf, numbered, slowest } from './support.ts';

let service: SqsService;
let clock: HastyClock;
beforeAll(async () => {
  service = await startSqsService();
});
afterAll(() => service.close());
beforeEach(() => {
  service.clear();
  service.requests.length = 0;
  service.fault = () => undefined;
  service.entryFault = () => undefined;
  service.messageBytesMax = 1024 * 1024;
  clock = createHastyClock(Date.now());
  service.clock = clock;
});

const sinkOf = (queue: 'orders' | 'orders.fifo', given: Partial<SqsSinkOptions> = {}) =>
  sqsSink({
    ...{ queueUrl: `${service.url}/123456789012/${queue}`, client: { config: account } },
    ...{ clock, random: slowest, transform: (record) => record.get('content') },
    ...given,
  });
const bodies = (): string[] => service.messages.map(({ body }) => body);
const countsOf = (): number[] =>
  service.requests.map(({ body }) => JSON.parse(body.toString()).Entries.length);

describe('a queue', () => {
  it('is sent ten messages at a time, as they come or as JSON', async () => {
    expect(await give(sinkOf('orders'), linesOf(numbered(23)))).toEqual({});
    expect(countsOf().sort()).toEqual([10, 10, 3]);
    expect(bodies().sort()).toEqual(numbered(23).sort());
    service.clear();
    await give(sinkOf('orders', { transform: undefined }), linesOf(['a']));
    expect(JSON.parse(bodies()[0]!)).toMatchObject({ id: '0/MTA=/0', fields: { content: 'a' } });
  });

  it('is sent no more than a MiB at a time', async () => {
    expect(
      await give(sinkOf('orders'), linesOf(['a', 'b', 'c'].map((text) => text.repeat(400_000)))),
    ).toEqual({});
    expect(countsOf().sort()).toEqual([1, 2]);
  });

  it('is not sent what it does not take: the record is named', async () => {
    const lines = ['a', 'b'.repeat(1024 * 1024 + 1), 'c'];
    expect(await give(sinkOf('orders'), linesOf(lines))).toMatchObject({ failed: [1] });
    expect(bodies()).toEqual(['a']);
    const less = sinkOf('orders', { messageBytesMax: 3 });
    expect(await give(less, linesOf(['abc', 'abcd']))).toMatchObject({ failed: [1] });
    for (const wrong of ['\u0001', '\uffff', '\ud800', '']) {
      const transform = () => wrong;
      expect(await give(sinkOf('orders', { transform }), linesOf(['a', 'b']))).toMatchObject({ failed: [0] });
    }
  });

  it('is sent as JSON what XML has no letter for', async () => {
    const transform = () => ({ text: '\u0001\uffff\ud800' });
    expect(await give(sinkOf('orders', { transform }), linesOf(['a']))).toEqual({});
    expect(JSON.parse(bodies()[0]!)).toEqual({ text: '\u0001\uffff\ud800' });
  });

  it('that does not take one says which, and the rest stays there', async () => {
    service.entryFault = (body) => (body === 'line 4' ? 'InvalidMessageContents' : undefined);
    const { failed, error } = await give(sinkOf('orders'), linesOf(numbered(9)));
    expect(failed).toEqual([4]);
    expect((error as Error).message).toContain('InvalidMessageContents: said of InvalidMessageContents');
    expect(bodies()).toHaveLength(8);
  });

  it('that is throttled is sent the rest again', async () => {
    const seen = new Set<string>();
    service.entryFault = (body) => {
      if (!/[37]$/.test(body) || seen.has(body)) return undefined;
      seen.add(body);
      return 'RequestThrottled';
    };
    expect(await give(sinkOf('orders'), linesOf(numbered(10)))).toEqual({});
    expect(countsOf()).toEqual([10, 2]);
    expect(bodies().sort()).toEqual(numbered(10));
  });

  it('that there is not, is an error that says so', async () => {
    const queueUrl = `${service.url}/123456789012/others`;
    const { threw } = await give(sinkOf('orders', { queueUrl }), linesOf(['a']));
    expect((threw as Error).message).toContain(`there is no queue ${queueUrl}: make it`);
    expect(service.requests).toHaveLength(1);
  });
});

describe('a FIFO queue', () => {
  it('has the messages of a shard in order, whatever is throttled', async () => {
    let count = 0;
    service.entryFault = () => (++count % 3 === 0 ? 'InternalError' : undefined);
    expect(await give(sinkOf('orders.fifo'), linesOf(numbered(9)))).toEqual({});
    expect(bodies()).toEqual(numbered(9));
    expect(new Set(service.messages.map(({ group }) => group))).toEqual(new Set(['sls/shop/orders/0']));
  });

  it('is sent several at a time of several groups, each in order', async () => {
    const messageGroup: SqsSinkOptions['messageGroup'] = (record) => record.get('content')!.at(-1)!;
    expect(await give(sinkOf('orders.fifo', { messageGroup }), linesOf(numbered(40)))).toEqual({});
    expect(Math.max(...countsOf())).toBe(10);
    const threes = bodies().filter((body) => body.endsWith('3'));
    expect(threes).toEqual(['line 3', 'line 13', 'line 23', 'line 33']);
  });

  it('has each record once, if the batch comes again, in parts or from two owners at once', async () => {
    const lines = numbered(20);
    const group = { messageGroup: () => 'all' };
    const [one, other] = [sinkOf('orders.fifo', group), sinkOf('orders.fifo', group)];
    // The first dies in between: what it has sent is there.
    service.entryFault = (body) => (body === 'line 7' ? 'InvalidMessageContents' : undefined);
    await give(one, linesOf(lines));
    service.entryFault = () => undefined;
    await Promise.all([give(one, linesOf(lines)), give(other, linesOf(lines))]);
    await give(one, linesOf(lines, { id: 'audit/0/MTA=-MTg=', to: 'MTg=' }));
    expect(bodies()).toEqual(lines);
  });

  it('has everything that was made of a record once', async () => {
    const transform: SqsSinkOptions['transform'] = (record) =>
      [1, 2, 3].map((part) => `${record.get('content')} ${part}`);
    for (let time = 0; time < 2; time++)
      await give(sinkOf('orders.fifo', { transform }), linesOf(['a', 'b']));
    expect(bodies()).toEqual(['a 1', 'a 2', 'a 3', 'b 1', 'b 2', 'b 3']);
  });

  it('has it again after five minutes, and of another group of consumers', async () => {
    await give(sinkOf('orders.fifo'), linesOf(['a']));
    await give(sinkOf('orders.fifo'), linesOf(['a'], { group: 'other' }));
    expect(bodies()).toEqual(['a', 'a']);
    clock.advance(5 * 60_000);
    await give(sinkOf('orders.fifo'), linesOf(['a']));
    expect(bodies()).toEqual(['a', 'a', 'a']);
  });

  it('takes no message group that is none: the record is named', async () => {
    const messageGroup = () => 'a group';
    expect(await give(sinkOf('orders.fifo', { messageGroup }), linesOf(['a', 'b']))).toMatchObject({
      failed: [0],
    });
  });
});

describe('the options', () => {
  it.each<[string, Partial<SqsSinkOptions>]>([
    ['queueUrl', { queueUrl: 'orders' }],
    ['messageGroup', { messageGroup: () => 'a' }],
    ['messageBytesMax', { messageBytesMax: 2_000_000 }],
    ['parallelMax', { parallelMax: 0 }],
  ])('are checked when the sink is made: %s', (field, given) => {
    expect(() => sinkOf('orders', given)).toThrow(expect.objectContaining({ field: `sqsSink: ${field}` }));
  });
});
