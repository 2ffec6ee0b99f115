import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEventBus } from '../../lib/delivery/eventBus.ts';
import type { GroupEvent } from '../../lib/delivery/groupEvent.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import { type AwsReply, type AwsService, account, startAwsService } from '../support/awsService.ts';

const { signal } = new AbortController();
const AT = Date.UTC(2026, 0, 31, 12, 0, 0, 700);
const eventOf = (index: number): GroupEvent => ({
  ...{ type: 'shardDone', shard: String(index), cursor: 'c' },
  ...{ group: 'orders', slot: 'a', at: AT },
});
const events = (count: number): GroupEvent[] => Array.from({ length: count }, (_, index) => eventOf(index));

interface Entry {
  EventBusName: string;
  Source: string;
  DetailType: string;
  Detail: string;
  Time: number;
}

let service: AwsService;
let taken: Entry[][];
/** By shard: what is said of its entry. */
let refused: Record<string, string>;
beforeAll(async () => {
  service = await startAwsService('events', ({ body, headers }): AwsReply => {
    if (headers['x-amz-target'] !== 'AWSEvents.PutEvents') return { status: 400 };
    const { Entries } = JSON.parse(body.toString()) as { Entries: Entry[] };
    taken.push(Entries);
    const answers = Entries.map(({ Detail }) => {
      const ErrorCode = refused[JSON.parse(Detail).shard];
      return ErrorCode === undefined ? { EventId: '1' } : { ErrorCode, ErrorMessage: 'said' };
    });
    return { body: JSON.stringify({ FailedEntryCount: 0, Entries: answers }) };
  });
});
afterAll(() => service.close());
beforeEach(() => {
  taken = [];
  refused = {};
  service.fault = () => undefined;
});
const busOf = (bus = 'orders') =>
  createEventBus({
    ...{ bus, endpoint: service.url, account, random: systemRandom },
    clock: systemClock,
  });

describe('a bus', () => {
  it('is sent an event with its type, its fields and its time', async () => {
    expect(await busOf().put([eventOf(3)], { signal })).toEqual({ left: [] });
    const [[entry]] = taken as [[Entry]];
    expect({ ...entry, Detail: JSON.parse(entry.Detail) }).toEqual({
      ...{
        EventBusName: 'orders',
        Source: 'shardbeat',
        DetailType: 'shardDone',
        Time: Math.floor(AT / 1_000),
      },
      Detail: { group: 'orders', slot: 'a', shard: '3', cursor: 'c', at: AT },
    });
  });

  it('is sent ten at a time, in order', async () => {
    await busOf().put(events(23), { signal });
    expect(taken.map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(taken.flat().map(({ Detail }) => JSON.parse(Detail).shard)).toEqual(
      events(23).map((_, index) => String(index)),
    );
  });

  it('that is busy with one of them is sent that one again, and one that it never takes is not', async () => {
    refused = { 2: 'ThrottlingException', 11: 'InternalFailure', 12: 'MalformedDetail' };
    const { left, error } = await busOf().put(events(13), { signal });
    expect(left).toEqual([eventOf(2), eventOf(11)]);
    expect(error).toMatchObject({ name: 'StoreError' });
  });

  it.each([
    ['ResourceNotFoundException', 400, 'make it, or correct the setting'],
    ['AccessDeniedException', 400, 'let the function’s role do events:PutEvents on the bus orders'],
  ])('that refuses (%s) is told of with the remedy, and all is left', async (code, status, remedy) => {
    service.fault = () => ({ status, body: JSON.stringify({ __type: code, message: 'no' }) });
    const { left, error } = await busOf().put(events(11), { signal });
    expect(left).toHaveLength(11);
    expect((error as Error).message.replace("'", '’')).toContain(remedy);
  });

  it('that answers something else has taken nothing, as far as can be told', async () => {
    service.fault = () => ({ body: '<html>' });
    const { left, error } = await busOf().put(events(2), { signal });
    expect(left).toHaveLength(2);
    expect(error).toMatchObject({ code: 'BadResponse' });
  });

  it('that fails later on is sent again also what it was busy with before', async () => {
    refused = { 2: 'ThrottlingException' };
    let answered = 0;
    service.fault = () => (answered++ > 0 ? { body: '<html>' } : undefined);
    const { left } = await busOf().put(events(12), { signal });
    expect(left).toEqual([eventOf(2), eventOf(10), eventOf(11)]);
  });

  it('is asked again at once where it did not answer', async () => {
    let lost = 1;
    service.fault = () => (lost-- > 0 ? 'lost' : undefined);
    expect(await busOf().put([eventOf(1)], { signal })).toEqual({ left: [] });
    expect(taken).toHaveLength(2);
  });

  it('is not sent the rest once the time is over', async () => {
    const { left, error } = await busOf().put(events(2), { signal: AbortSignal.abort(new Error('over')) });
    expect(left).toHaveLength(2);
    expect(error).toMatchObject({ message: 'over' });
  });
});
