import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SplunkSinkOptions, splunkSink } from '../../lib/sinks/splunk.ts';
import { recordOf } from '../../lib/testing.ts';
import { type Splunk, startSplunk } from '../support/collectors.ts';
import { createHastyClock, give, type HastyClock, linesOf, numbered, slowest } from './support.ts';

const TOKEN = '12345678-abcd-4321-abcd-1234567890ab';
let service: Splunk;
let clock: HastyClock;
beforeEach(async () => {
  service = await startSplunk(TOKEN);
  clock = createHastyClock();
});
afterEach(() => service.close());

const sinkOf = (given: Partial<SplunkSinkOptions> = {}) =>
  splunkSink({
    ...{ url: service.url, token: TOKEN, clock, random: slowest },
    transform: (record) => record.get('content'),
    ...given,
  });
const events = (): unknown[] => service.events.map(({ event }) => event);

describe('a collector', () => {
  it('is sent events with their time, host and what is said of all of them', async () => {
    const records = [recordOf({ a: 'b' }, { id: '0/1/2', timeMs: 1_763_700_000_700, source: '10.0.0.7' })];
    const said = { index: 'audit', sourcetype: 'sls', source: 'actiontrail' };
    expect(await give(sinkOf({ ...said, transform: undefined }), { ...linesOf([]), records })).toEqual({});
    expect(service.events).toEqual([
      {
        ...{ ...said, time: 1_763_700_000.7, host: '10.0.0.7' },
        event: expect.objectContaining({ id: '0/1/2', fields: { a: 'b' } }),
      },
    ]);
    await give(sinkOf({ host: () => 'mine' }), { ...linesOf([]), records: [recordOf('a')] });
    expect(service.events.at(-1)).toEqual({ time: 0, host: 'mine', event: 'a' });
  });

  it('is sent no more at a time than it takes', async () => {
    const transform: SplunkSinkOptions['transform'] = (record) =>
      `${record.get('content')} ${'a'.repeat(300_000)}`;
    expect(await give(sinkOf({ transform, parallelMax: 1 }), linesOf(numbered(7)))).toEqual({});
    expect(service.asked.map(({ body }) => body.split('\n').length - 1)).toEqual([3, 3, 1]);
    expect(await give(sinkOf({ bytesMax: 40 }), linesOf(['a'.repeat(40)]))).toMatchObject({ failed: [0] });
  });

  it('that does not take one says which: those before are sent again without it', async () => {
    const transform: SplunkSinkOptions['transform'] = (record) => {
      const line = record.get('content')!;
      return line === 'line 3' ? '' : line;
    };
    const { failed, error } = await give(sinkOf({ transform }), linesOf(numbered(6)));
    expect(failed).toEqual([3]);
    expect((error as Error).message).toContain('"code":13');
    expect(events()).toEqual(['line 0', 'line 1', 'line 2']);
  });

  it.each([
    [503, { text: 'Server is busy', code: 9 }],
    [500, { text: 'Internal server error', code: 8 }],
    [429, ''],
  ])('that answers %s is sent the same again', async (status, body) => {
    service.fault = () =>
      service.asked.length < 3 ? { status, body, headers: { 'retry-after': '2' } } : undefined;
    expect(await give(sinkOf(), linesOf(['a', 'b']))).toEqual({});
    expect(clock.waits).toEqual([2_000, 2_000]);
    expect(events()).toEqual(['a', 'b']);
  });

  it('that does not know the token, or the index, is not asked again, and nobody is told the token', async () => {
    const { threw } = await give(sinkOf({ token: 'another-token' }), linesOf(['a']));
    expect((threw as Error).message).toContain('splunk: 403');
    service.fault = () => ({
      status: 400,
      body: { text: `Incorrect index ${TOKEN}`, code: 7, 'invalid-event-number': 0 },
    });
    const index = await give(sinkOf({ index: 'others' }), linesOf(['a']));
    expect((index.threw as Error).message).toContain('Incorrect index (hidden)');
    expect(service.asked).toHaveLength(2);
  });

  it('that says of no event that it is to blame is not believed to have taken any', async () => {
    service.fault = () => ({
      status: 200,
      body: { text: 'Invalid data format', code: 6, 'invalid-event-number': 17 },
    });
    expect(await give(sinkOf(), linesOf(['a', 'b']))).toHaveProperty('threw');
    expect(await give(sinkOf(), linesOf(['a']))).toMatchObject({ failed: [0] });
  });
});

it.each<[string, Partial<SplunkSinkOptions>]>([
  ['url', { url: 'splunk' }],
  ['token', { token: '' }],
  ['bytesMax', { bytesMax: 0 }],
  ['parallelMax', { parallelMax: 0 }],
])('options are checked when the sink is made: %s', (field, given) => {
  expect(() => sinkOf(given)).toThrow(expect.objectContaining({ field: `splunkSink: ${field}` }));
});
