import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type OpensearchSinkOptions, opensearchSink } from '../../lib/sinks/opensearch.ts';
import { account, KEY, SECRETS, startAwsService } from '../support/awsService.ts';
import { type Opensearch, startOpensearch } from '../support/collectors.ts';
import { createHastyClock, give, linesOf, numbered, slowest } from './support.ts';

let service: Opensearch;
beforeAll(async () => {
  service = await startOpensearch();
});
afterAll(() => service.close());
beforeEach(() => {
  service.documents.clear();
  service.asked.length = 0;
  service.fault = () => undefined;
  service.documentFault = () => undefined;
});

const sinkOf = (given: Partial<OpensearchSinkOptions> = {}) =>
  opensearchSink({
    ...{ url: service.url, index: 'audit', clock: createHastyClock(Date.now()), random: slowest },
    transform: (record) => ({ line: record.get('content') }),
    ...given,
  });
const lines = (): unknown[] => [...service.documents.values()].map(({ line }) => line).sort();

describe('an index', () => {
  it('has a document for each record, by its name', async () => {
    expect(await give(sinkOf({ transform: undefined }), linesOf(['a', 'b']))).toEqual({});
    expect([...service.documents.keys()]).toEqual([
      'audit/sls/shop/orders/0/MTA=/0',
      'audit/sls/shop/orders/0/MTA=/1',
    ]);
    expect(service.documents.get('audit/sls/shop/orders/0/MTA=/0')).toMatchObject({
      fields: { content: 'a' },
    });
  });

  it('is one of the record’s, and a name that is too long stands for its hash', async () => {
    const index: OpensearchSinkOptions['index'] = (record) => `of-${record.get('content')}`;
    const logstore = 'o'.repeat(600);
    expect(await give(sinkOf({ index }), linesOf(['a'], { tags: { logstore } }))).toEqual({});
    expect([...service.documents.keys()]).toEqual([expect.stringMatching(/^of-a\/[0-9a-f]{64}$/)]);
  });

  it('is sent no more at a time than it takes', async () => {
    const transform = (): object => ({ line: 'a'.repeat(1_000_000) });
    expect(await give(sinkOf({ transform, parallelMax: 1 }), linesOf(numbered(12)))).toEqual({});
    expect(service.asked.map(({ body }) => Math.round(body.length / 1_000_000))).toEqual([5, 5, 2]);
    expect(await give(sinkOf({ transform, bytesMax: 1_000_000 }), linesOf(['a']))).toMatchObject({
      failed: [0],
    });
  });

  it('that is too busy for some is sent these again, and names what it refuses', async () => {
    const seen = new Set<unknown>();
    service.documentFault = ({ line }) => {
      if (line === 'line 5') return [400, 'mapper_parsing_exception', 'failed to parse field'];
      if (seen.has(line) || !/[23]$/.test(String(line))) return undefined;
      seen.add(line);
      return [429, 'rejected_execution_exception', 'queue is full'];
    };
    const { failed, error } = await give(sinkOf(), linesOf(numbered(8)));
    expect(failed).toEqual([5]);
    expect((error as Error).message).toContain('400 mapper_parsing_exception: failed to parse field');
    expect(service.asked).toHaveLength(2);
    expect(lines()).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'line 6', 'line 7']);
  });

  it.each(['index', 'create'] as const)(
    'has each record once, by %s: again, after half of it, in a replay and from two owners',
    async (action) => {
      service.documentFault = ({ line }) => (line === 'line 30' ? [400, 'no', 'no'] : undefined);
      await give(sinkOf({ action }), linesOf(numbered(60)));
      service.documentFault = () => undefined;
      let lost = 1;
      service.fault = () => (lost-- > 0 ? 'lost' : undefined);
      const [one, other] = [sinkOf({ action }), sinkOf({ action })];
      await Promise.all([give(one, linesOf(numbered(60))), give(other, linesOf(numbered(60)))]);
      const replayed = { group: 'audit#replay-1', id: 'audit#replay-1/0/MTA=-MTg=' };
      expect(await give(one, linesOf(numbered(60), replayed))).toEqual({});
      expect(lines()).toEqual(numbered(60).sort());
    },
  );
});

describe('who asks', () => {
  it('is told by a login or headers, which nobody else is told', async () => {
    const login = { username: 'me', password: 'the-password-of-me' };
    service.fault = ({ headers }) => ({ status: 401, body: `${headers.authorization} ${login.password}` });
    const { threw } = await give(sinkOf({ login }), linesOf(['a']));
    expect((threw as Error).message).toBe('opensearch: 401: Basic (hidden) (hidden)');
    expect(service.asked[0]!.headers.authorization).toBe(
      `Basic ${Buffer.from('me:the-password-of-me').toString('base64')}`,
    );
    await give(sinkOf({ headers: { Authorization: 'ApiKey the-api-key' } }), linesOf(['a']));
    expect(service.asked.at(-1)!.headers.authorization).toBe('ApiKey the-api-key');
  });

  it('signs requests to Amazon’s, and is told which right is missing', async () => {
    let isAllowed = true;
    const amazon = await startAwsService('es', ({ query, path }) => {
      if (!isAllowed) return { status: 403, body: `{"Message":"not authorized, ${SECRETS.join()}"}` };
      expect({ path, filter: query.has('filter_path') }).toEqual({ path: '/_bulk', filter: true });
      return { body: JSON.stringify({ errors: false, items: [{ index: { status: 201 } }] }) };
    });
    const sink = sinkOf({ url: amazon.url, signed: true, client: { config: account } });
    expect(await give(sink, linesOf(['a']))).toEqual({});
    isAllowed = false;
    const { threw } = await give(sink, linesOf(['a']));
    expect((threw as Error).message).toContain(
      `let the function's role do es:ESHttpPost on the domain ${amazon.url}`,
    );
    expect((threw as Error).message).not.toContain(KEY.secretAccessKey);
    await amazon.close();
  });
});

it.each<[string, Partial<OpensearchSinkOptions>]>([
  ['url', { url: 'search' }],
  ['index', { index: '' }],
  ['action', { action: 'update' as 'index' }],
  ['bytesMax', { bytesMax: 2 ** 30 }],
  ['parallelMax', { parallelMax: 0 }],
  ['headers', { headers: { 'x y': 'z' } }],
  ['signed', { signed: true, login: { username: 'a', password: 'b' } }],
])('options are checked when the sink is made: %s', (field, given) => {
  expect(() => sinkOf(given)).toThrow(expect.objectContaining({ field: `opensearchSink: ${field}` }));
});
