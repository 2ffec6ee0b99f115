import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClickhouseSinkOptions, clickhouseSink } from '../../lib/sinks/clickhouse.ts';
import { type Clickhouse, startClickhouse, type Told } from '../support/collectors.ts';
import { createHastyClock, give, linesOf, numbered, slowest } from './support.ts';

let service: Clickhouse;
beforeEach(async () => {
  service = await startClickhouse();
});
afterEach(() => service.close());

const sinkOf = (given: Partial<ClickhouseSinkOptions> = {}) =>
  clickhouseSink({
    ...{
      url: service.url,
      database: 'audit',
      table: 'li`nes',
      login: { username: 'me', password: 'the-password' },
    },
    ...{ clock: createHastyClock(), random: slowest },
    transform: (record) => ({ line: record.get('content') }),
    ...given,
  });
const lines = (): unknown[] => service.rows.map(({ line }) => line);
const tokens = (): unknown[] => service.asked.map(({ query }) => query.get('insert_deduplication_token'));
const failing = (code: number, status = 500): Told => ({
  status,
  headers: { 'x-clickhouse-exception-code': String(code) },
  body: `Code: ${code}. the-password`,
});

describe('a table', () => {
  it('has a batch as rows, inserted under the id of the batch', async () => {
    expect(await give(sinkOf(), linesOf(['a', 'b']))).toEqual({});
    expect(lines()).toEqual(['a', 'b']);
    expect(tokens()).toEqual(['audit/0/MTA=-MTI=']);
    expect(service.asked[0]!.headers['x-clickhouse-user']).toBe('me');
  });

  it('has a long batch in parts, each under an id of its own', async () => {
    expect(await give(sinkOf({ countMax: 4 }), linesOf(numbered(9)))).toEqual({});
    expect(lines()).toEqual(numbered(9));
    expect(tokens()).toEqual(['0:0-4', '1:4-8', '2:8-9'].map((part) => `audit/0/MTA=-MTI=#${part}`));
    expect(await give(sinkOf({ bytesMax: 14 }), linesOf(['a', 'b'.repeat(9)]))).toMatchObject({
      failed: [1],
    });
  });

  it('has it once: again, after half of it, with an answer that was lost, and from two owners', async () => {
    const part = { countMax: 4 };
    let requests = 0;
    service.fault = () => [undefined, 'lost' as const, failing(60)][requests++];
    expect(await give(sinkOf(part), linesOf(numbered(9)))).toMatchObject({ failed: [4] });
    service.fault = () => undefined;
    const [one, other] = [sinkOf(part), sinkOf(part)];
    await Promise.all([give(one, linesOf(numbered(9))), give(other, linesOf(numbered(9)))]);
    expect(lines()).toEqual(numbered(9));
  });

  it('has all of it, if a deployment cuts in another way: twice, but nothing is missing', async () => {
    service.fault = () => (service.asked.length > 1 ? failing(60) : undefined);
    await give(sinkOf({ countMax: 3 }), linesOf(numbered(9)));
    service.fault = () => undefined;
    expect(await give(sinkOf({ countMax: 5 }), linesOf(numbered(9)))).toEqual({});
    expect(new Set(lines())).toEqual(new Set(numbered(9)));
  });
});

describe('what fails', () => {
  it.each([159, 202, 241, 252, 319, 999])('with code %s is inserted again', async (code) => {
    service.fault = () => (service.asked.length < 3 ? failing(code) : undefined);
    expect(await give(sinkOf(), linesOf(['a']))).toEqual({});
    expect(lines()).toEqual(['a']);
  });

  it('with a code behind 200 has failed, too', async () => {
    service.fault = () => (service.asked.length < 2 ? failing(252, 200) : undefined);
    await give(sinkOf(), linesOf(['a']));
    expect(service.asked).toHaveLength(2);
  });

  it('for a row: of one, that is named; of several, all come again', async () => {
    const transform: ClickhouseSinkOptions['transform'] = (record) => {
      const line = record.get('content');
      return { line: line === 'line 3' ? 7 : line };
    };
    expect(await give(sinkOf({ transform }), linesOf(['line 3']))).toMatchObject({ failed: [0] });
    const { threw } = await give(sinkOf({ transform }), linesOf(numbered(5)));
    expect((threw as Error).message).toContain('Code: 27. DB::Exception: Cannot parse input: (at row 4)');
    expect(lines()).toEqual([]);
  });

  it('for what is not there, or not allowed, does so at once, and tells no secret', async () => {
    service.fault = () => failing(516, 403);
    const { threw } = await give(sinkOf(), linesOf(['a']));
    expect(threw).toMatchObject({ message: 'clickhouse: 403: Code: 516. (hidden)', retriable: false });
    expect(service.asked).toHaveLength(1);
  });

  it('without a code goes by its status', async () => {
    service.fault = () => (service.asked.length < 2 ? { status: 503 } : undefined);
    expect(await give(sinkOf(), linesOf(['a']))).toEqual({});
    service.fault = () => ({ status: 404 });
    expect(await give(sinkOf(), linesOf(['a']))).toMatchObject({ threw: { retriable: false } });
  });
});

it.each<[string, Partial<ClickhouseSinkOptions>]>([
  ['url', { url: 'house' }],
  ['table', { table: '' }],
  ['database', { database: '' }],
  ['countMax', { countMax: 2_000_000 }],
  ['bytesMax', { bytesMax: 0 }],
])('options are checked when the sink is made: %s', (field, given) => {
  expect(() => sinkOf(given)).toThrow(expect.objectContaining({ field: `clickhouseSink: ${field}` }));
});
