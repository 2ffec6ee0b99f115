import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EventbridgeSinkOptions, eventbridgeSink } from '../../lib/sinks/eventbridge.ts';
import { recordOf } from '../../lib/testing.ts';
import { account } from '../support/awsService.ts';
import { type PutService, startPutService } from '../support/putServices.ts';
import { createHastyClock, give, linesOf, numbered, slowest } from './support.ts';

let service: PutService;
beforeAll(async () => {
  service = await startPutService('events');
});
afterAll(() => service.close());
beforeEach(() => {
  service.taken.length = 0;
  service.counts.length = 0;
  service.entryFault = () => undefined;
  service.fault = () => undefined;
});

const sinkOf = (given: Partial<EventbridgeSinkOptions> = {}) =>
  eventbridgeSink({
    ...{ bus: 'audit', source: 'shop.orders', detailType: 'line', endpoint: service.url },
    ...{ client: { config: account }, clock: createHastyClock(Date.now()), random: slowest },
    ...given,
  });
const linesTaken = (): string[] =>
  service.taken.map(({ Detail }) => JSON.parse(Detail!).fields.content).sort();

describe('a bus', () => {
  it('is sent ten events at a time, each with its record as detail, and its time', async () => {
    expect(await give(sinkOf(), linesOf(numbered(23)))).toEqual({});
    expect(service.counts.sort()).toEqual([10, 10, 3]);
    expect(linesTaken()).toEqual(numbered(23).sort());
    service.taken.length = 0;
    const records = [recordOf({ content: 'a' }, { id: '0/1/2', timeMs: 1_763_700_000_700 })];
    const detailType: EventbridgeSinkOptions['detailType'] = (record, { shard }) =>
      `${record.id} of ${shard}`;
    await give(sinkOf({ detailType }), { ...linesOf([]), records });
    expect(service.taken.map(({ Detail, ...entry }) => ({ ...entry, Detail: JSON.parse(Detail!) }))).toEqual([
      {
        ...{ EventBusName: 'audit', Source: 'shop.orders', DetailType: '0/1/2 of 0', Time: 1_763_700_000 },
        Detail: expect.objectContaining({ id: '0/1/2', fields: { content: 'a' } }),
      },
    ]);
  });

  it('is sent as much at a time as every region takes, and a larger event by itself', async () => {
    const transform: EventbridgeSinkOptions['transform'] = (record) => ({
      a: 'a'.repeat(Number(record.get('content'))),
    });
    const lines = ['100000', '100000', '100000', '500000', '10'];
    expect(await give(sinkOf({ transform, parallelMax: 1 }), linesOf(lines))).toEqual({});
    expect(service.counts).toEqual([2, 1, 1, 1]);
    expect(await give(sinkOf({ transform }), linesOf(['10', '1048576']))).toMatchObject({ failed: [1] });
  });

  it('that is throttled is sent the rest again, and names what it refuses', async () => {
    const seen = new Set<string>();
    service.entryFault = ({ Detail }) => {
      if (/line 5/.test(Detail!)) return 'MalformedDetail';
      if (!/line [23]/.test(Detail!) || seen.has(Detail!)) return undefined;
      seen.add(Detail!);
      return 'ThrottlingException';
    };
    const { failed, error } = await give(sinkOf(), linesOf(numbered(8)));
    expect(failed).toEqual([5]);
    expect((error as Error).message).toContain('MalformedDetail: said of MalformedDetail');
    expect(service.counts).toEqual([8, 2]);
    expect(linesTaken()).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'line 6', 'line 7']);
  });

  it('that may not be written to says so', async () => {
    service.fault = () => ({ status: 400, body: '{"__type":"AccessDeniedException"}' });
    const { threw } = await give(sinkOf(), linesOf(['a']));
    expect((threw as Error).message).toContain(
      "let the function's role do events:PutEvents on the bus audit",
    );
  });

  it('is not done with an answer that does not tell of each event', async () => {
    let calls = 0;
    service.fault = () => (calls++ === 0 ? { body: '{"Entries":[]}' } : undefined);
    expect(await give(sinkOf(), linesOf(['a']))).toEqual({});
    expect(calls).toBe(2);
  });
});

it.each<[string, Partial<EventbridgeSinkOptions>]>([
  ['bus', { bus: '' }],
  ['source', { source: '' }],
  ['detailType', { detailType: '' }],
  ['parallelMax', { parallelMax: 65 }],
])('options are checked when the sink is made: %s', (field, given) => {
  expect(() => sinkOf(given)).toThrow(expect.objectContaining({ field: `eventbridgeSink: ${field}` }));
});
