import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type HttpSinkOptions, httpSink } from '../../lib/sinks/http.ts';
import { contextOf } from '../../lib/testing.ts';
import { type Reply, type ScriptedServer, serve } from '../http/support.ts';
import { createHastyClock, give, type HastyClock, linesOf, numbered, slowest } from './support.ts';

const NOW = 1_763_700_000_700;
const TAKEN: Reply = { status: 204 };
const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let clock: HastyClock;
beforeEach(() => {
  clock = createHastyClock(NOW);
});

const sinkOf = ({ url }: ScriptedServer, given: Partial<HttpSinkOptions> = {}) =>
  httpSink({
    ...{ url: `${url}/in?tenant=7`, transform: (record) => record.get('content') },
    ...{ clock, random: slowest },
    ...given,
  });
const bodiesOf = ({ received }: ScriptedServer): unknown[] =>
  received.map(({ body }) => JSON.parse(body.toString()));
const idsOf = ({ received }: ScriptedServer): unknown[] =>
  received.map(({ headers }) => headers['idempotency-key']);

describe('a webhook', () => {
  it('is sent a batch as an array, under the id of the batch', async () => {
    const server = await serve(TAKEN);
    const headers = { Authorization: 'Bearer the-token' };
    expect(await give(sinkOf(server, { headers }), linesOf(['a', 'b']))).toEqual({});
    const [{ method, path, query, ...request }] = server.received as [ScriptedServer['received'][0]];
    expect({ method, path, query }).toEqual({ method: 'POST', path: '/in', query: { tenant: '7' } });
    expect(JSON.parse(request.body.toString())).toEqual(['a', 'b']);
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'audit/0/MTA=-MTI=',
      authorization: 'Bearer the-token',
    });
    expect(request.headers['webhook-signature']).toBeUndefined();
  });

  it('is signed as Standard Webhooks has it, with a key or any text', async () => {
    const server = await serve(TAKEN);
    await give(sinkOf(server, { secret: KEY }), linesOf(['a'], { group: 'a.b', id: 'a.b/0/1-2' }));
    await give(sinkOf(server, { secret: 'a secret of no form' }), linesOf(['a']));
    const signatureOf = (key: string | Buffer, text: string) =>
      `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
    // Nobody can move a point from one part of what is signed to another.
    expect(server.received[0]!.headers).toMatchObject({
      'webhook-id': 'a!2eb/0/1-2',
      'webhook-timestamp': '1763700000',
      'webhook-signature': signatureOf(Buffer.from(KEY.slice(6), 'base64'), 'a!2eb/0/1-2.1763700000.["a"]'),
    });
    expect(server.received[1]!.headers['webhook-signature']).toBe(
      signatureOf('a secret of no form', 'audit/0/MTA=-MTI=.1763700000.["a"]'),
    );
  });

  it('is sent a long batch in parts, one after another, which are the same when it comes again', async () => {
    const server = await serve(TAKEN);
    const sink = sinkOf(server, { countMax: 4 });
    await give(sink, linesOf(numbered(9)));
    expect(bodiesOf(server)).toEqual([numbered(9).slice(0, 4), numbered(9).slice(4, 8), ['line 8']]);
    const id = 'audit/0/MTA=-MTI=';
    expect(idsOf(server)).toEqual([`${id}#0:0-4`, `${id}#1:4-8`, `${id}#2:8-9`]);
    await give(sink, linesOf(numbered(9)));
    expect(idsOf(server).slice(3)).toEqual(idsOf(server).slice(0, 3));
    expect(bodiesOf(server).slice(3)).toEqual(bodiesOf(server).slice(0, 3));
  });

  it('is never sent other records under an id that it may know, if a deployment cuts in another way', async () => {
    const server = await serve(TAKEN);
    let isOld = true;
    const transform: HttpSinkOptions['transform'] = (record) => {
      const line = record.get('content')!;
      if (isOld && line === 'line 4') throw new Error('not known yet');
      return line;
    };
    await give(sinkOf(server, { countMax: 3, transform }), linesOf(numbered(6)));
    isOld = false;
    for (const countMax of [3, 4, 6])
      await give(sinkOf(server, { countMax, transform }), linesOf(numbered(6)));
    const bodies = new Map<unknown, unknown>();
    for (const [index, id] of idsOf(server).entries()) {
      expect(bodies.get(id) ?? bodiesOf(server)[index]).toEqual(bodiesOf(server)[index]);
      bodies.set(id, bodiesOf(server)[index]);
    }
    expect(bodies.size).toBe(6);
  });

  it('is sent no longer body than is allowed, to the byte', async () => {
    const server = await serve(TAKEN);
    const exact = Buffer.byteLength(JSON.stringify(['é0', 'é1']));
    await give(sinkOf(server, { bytesMax: exact }), linesOf(['é0', 'é1']));
    await give(sinkOf(server, { bytesMax: exact - 1 }), linesOf(['é0', 'é1']));
    expect(bodiesOf(server)).toEqual([['é0', 'é1'], ['é0'], ['é1']]);
    expect(await give(sinkOf(server, { bytesMax: 5 }), linesOf(['abc']))).toMatchObject({ failed: [0] });
  });
});

describe('what is answered', () => {
  it.each<[string, Reply]>([
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['408', { status: 408 }],
    ['nothing', 'reset'],
  ])('%s: the same is sent again under the same id', async (_what, reply) => {
    const server = await serve(reply, TAKEN);
    expect(await give(sinkOf(server), linesOf(['a']))).toEqual({});
    expect(idsOf(server)).toEqual(['audit/0/MTA=-MTI=', 'audit/0/MTA=-MTI=']);
    expect(bodiesOf(server)).toEqual([['a'], ['a']]);
  });

  it.each([
    ['7', 7_000],
    // A date has whole seconds.
    [new Date(NOW + 5_300).toUTCString(), 5_300],
    ['soon', 200],
  ])('Retry-After: %s is obeyed', async (after, waitMs) => {
    const server = await serve({ status: 429, headers: { 'retry-after': after } }, TAKEN);
    await give(sinkOf(server), linesOf(['a']));
    expect(clock.waits).toEqual([waitMs]);
  });

  it('401: nothing is sent again, nobody is to blame, and no secret is told', async () => {
    const headers = { authorization: 'Bearer the-token-of-all' };
    const server = await serve({ status: 401, body: `${KEY} and the-token-of-all are no good` });
    const { threw } = await give(sinkOf(server, { headers, secret: KEY }), linesOf(['a', 'b']));
    expect((threw as Error).message).toBe('http: 401: (hidden) and (hidden) are no good');
    expect(server.received).toHaveLength(1);
  });

  it('422: of one record, it is to blame; of several, nobody knows which', async () => {
    const server = await serve({ status: 422, body: 'no' });
    expect(await give(sinkOf(server), linesOf(['a']))).toMatchObject({
      failed: [0],
      error: { message: 'http: 422: no' },
    });
    expect(await give(sinkOf(server), linesOf(['a', 'b']))).toMatchObject({
      threw: { message: 'http: 422: no' },
    });
    expect(await give(sinkOf(server, { countMax: 1 }), linesOf(['a', 'b']))).toMatchObject({ failed: [0] });
  });

  it('200 with the places of some: the record of the first of them has failed', async () => {
    const server = await serve(TAKEN, { body: JSON.stringify({ failed: [3, 2], error: 'unknown user' }) });
    const transform: HttpSinkOptions['transform'] = (record) => {
      const line = record.get('content')!;
      return line === 'line 5' ? [line, line] : line;
    };
    const { failed, error } = await give(sinkOf(server, { countMax: 4, transform }), linesOf(numbered(9)));
    expect(failed).toEqual([5]);
    expect((error as Error).message).toContain('unknown user');
    expect(server.received).toHaveLength(2);
  });

  it.each(['{"failed":[]}', '{"failed":[17]}', '{"failed":"no"}', 'taken', ''])(
    '200 with %s: all of it is taken',
    async (body) => {
      const server = await serve({ body });
      expect(await give(sinkOf(server), linesOf(['a']))).toEqual({});
    },
  );

  it('half of it, then nothing any more: what was taken is done', async () => {
    const server = await serve(TAKEN, { status: 500 });
    expect(await give(sinkOf(server, { countMax: 2 }), linesOf(numbered(5)))).toMatchObject({ failed: [2] });
  });
});

describe('a receiver that keeps the ids that it has seen', () => {
  it('takes a batch once: again, after half of it, and from two owners', async () => {
    const server = await serve(TAKEN, 'reset', TAKEN);
    const sinks = [sinkOf(server, { countMax: 2 }), sinkOf(server, { countMax: 2 })];
    const died = new AbortController();
    const giving = give(sinks[0]!, linesOf(numbered(6)), contextOf({ signal: died.signal }));
    await server.arrival(2);
    died.abort(new Error('killed'));
    await giving;
    await Promise.all(sinks.map((sink) => give(sink, linesOf(numbered(6)))));
    const kept = new Map(idsOf(server).map((id, index) => [id, bodiesOf(server)[index]]));
    expect([...kept.values()].flat()).toEqual(numbered(6));
    for (const [index, id] of idsOf(server).entries()) expect(bodiesOf(server)[index]).toEqual(kept.get(id));
  });
});

describe('the options', () => {
  it.each<[string, Partial<HttpSinkOptions>]>([
    ['url', { url: 'logs.example.com' }],
    ['url', { url: 'https://me:secret@logs.example.com' }],
    ['secret', { secret: 'short' }],
    ['headers', { headers: { 'x-a': 'b\nc' } }],
    ['countMax', { countMax: 0 }],
    ['bytesMax', { bytesMax: 1.5 }],
    ['timeoutMs', { timeoutMs: -1 }],
  ])('are checked when the sink is made: %s', async (field, given) => {
    const server = { url: 'http://127.0.0.1' } as ScriptedServer;
    const error = expect.objectContaining({ field: `httpSink: ${field}` });
    expect(() => sinkOf(server, given)).toThrow(error);
    expect(() => sinkOf(server, given)).not.toThrow(/me:secret|"short"/);
  });
});
