/** Whom the console answers, and whom not: real HTTP. */
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../cli/console/feed.ts';
import { SettingsError, StoreError } from '../../../lib/errors.ts';
import { createServing, eventsOf, type Serving, TOKEN } from './serving.ts';

let serving: Serving;
beforeEach(async () => {
  serving = await createServing();
});
afterEach(() => serving.close());

const READS = ['', 'main.js', 'events', 'dead-letters', 'dead-letters/1'];
const POSTS = ['pause', 'resume', 'redrive', 'drop'];
const errorOf = ({ body }: { body: string }): string => JSON.parse(body).error;

describe('a name that leads here (DNS rebinding)', () => {
  it.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost.evil.example:PORT',
    '[::1]:PORT',
    '0.0.0.0:PORT',
  ])('is refused, even with the token: Host %j', async (name) => {
    const host = name.replace('PORT', String(serving.port));
    for (const path of READS) {
      expect(await serving.ask({ path, headers: { host } })).toMatchObject({
        status: 403,
      });
    }
    expect(await serving.post('pause', {}, { host, origin: `http://${host}` })).toMatchObject({
      status: 403,
    });
    expect(serving.calls).toEqual([]);
  });

  it('is refused where there is none', async () => {
    const socket = connect(serving.port, '127.0.0.1');
    socket.write(`GET /${TOKEN}/ HTTP/1.0\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 /);
  });

  it.each(['127.0.0.1:PORT', 'localhost:PORT', 'LOCALHOST:PORT'])(
    'is answered where nobody can have it: %s',
    async (name) => {
      const host = name.replace('PORT', String(serving.port));
      expect(await serving.ask({ headers: { host } })).toMatchObject({
        status: 200,
        body: '<!doctype html>',
      });
    },
  );
});

describe('the token', () => {
  it.each([
    '/',
    '/main.js',
    '/events',
    `/${TOKEN.slice(0, -1)}/`,
    `/${TOKEN}x/`,
    `/${TOKEN.toLowerCase()}/events`,
    `/x/${TOKEN}/events`,
    `//${TOKEN}/events`,
    `/%54${TOKEN.slice(1)}/`,
    `/?token=${TOKEN}`,
    'http://127.0.0.1/events',
  ])('is needed: %s', async (path) => {
    const answer = await serving.ask({
      path: path.startsWith('http') ? path.replace('http', '/http') : path,
    });
    expect(answer).toMatchObject({ status: 404 });
    expect(JSON.stringify(answer)).not.toContain(TOKEN);
  });

  it('leads to the page’s folder, also without its last slash', async () => {
    expect(await serving.ask({ path: `/${TOKEN}` })).toMatchObject({
      status: 308,
      headers: { location: `/${TOKEN}/` },
    });
  });
});

describe('files', () => {
  it('are those of the page, by their exact names', async () => {
    expect(await serving.ask({ path: 'main.js' })).toMatchObject({
      status: 200,
      body: 'let page;',
      headers: { 'content-type': 'text/javascript; charset=utf-8' },
    });
    expect(await serving.ask({ path: 'main.js', method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it.each([
    'index.html',
    'MAIN.JS',
    'main.js.map',
    'main.js/',
    '/main.js',
    './main.js',
    '../main.js',
    '../../package.json',
    '%2e%2e/package.json',
    '..%2fpackage.json',
    '%00',
    '__proto__',
    'constructor',
  ])('are no others: %s', async (path) => {
    expect(await serving.ask({ path: `/${TOKEN}/${path}` })).toMatchObject({ status: 404 });
  });
});

describe('another page in the same browser', () => {
  const FOREIGN: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];

  it.each(FOREIGN)('reads nothing: %j', async (headers) => {
    for (const path of ['events', 'dead-letters', 'dead-letters/1']) {
      expect(await serving.ask({ path, headers })).toMatchObject({ status: 403 });
    }
    expect(serving.calls).toEqual([]);
    expect(serving.listeners.size).toBe(0);
  });

  it.each([...FOREIGN, { 'sec-fetch-site': 'none' }])('changes nothing: %j', async (headers) => {
    for (const path of POSTS)
      expect(await serving.post(path, { all: true }, headers)).toMatchObject({ status: 403 });
    expect(serving.calls).toEqual([]);
  });

  it('changes nothing without saying whose it is', async () => {
    const headers = { 'content-type': 'application/json' };
    expect(await serving.ask({ method: 'POST', path: 'pause', headers, body: '{}' })).toMatchObject({
      status: 403,
    });
    expect(serving.calls).toEqual([]);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    '',
  ])('changes nothing with what a form can send: %j', async (type) => {
    expect(await serving.post('pause', {}, { 'content-type': type })).toMatchObject({ status: 415 });
    expect(serving.calls).toEqual([]);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('changes nothing with %s', async (method) => {
    for (const path of POSTS) {
      const answer = await serving.ask({
        method,
        path,
        headers: { origin: serving.origin, 'content-type': 'application/json' },
      });
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(serving.calls).toEqual([]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'does not get with %s what is there to be got',
    async (method) => {
      for (const path of READS) expect(await serving.ask({ method, path })).toMatchObject({ status: 405 });
    },
  );

  it('cannot show this one in a frame, nor have it load or run anything', async () => {
    const answers = [
      await serving.ask(),
      await serving.ask({ path: 'dead-letters' }),
      await serving.ask({ path: '/elsewhere' }),
      await serving.ask({ headers: { host: 'evil.example' } }),
      await serving.post('pause', {}),
    ];
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
      });
      const policy = headers['content-security-policy'];
      expect(policy).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
    }
  });
});

describe('the page', () => {
  it.each([
    ['pause', {}, 'pause {}'],
    ['pause', { shard: '3' }, 'pause {"shard":"3"}'],
    ['resume', { shard: 'a:0' }, 'resume {"shard":"a:0"}'],
    ['redrive', { id: '3/7/70' }, 'redrive {"id":"3/7/70"}'],
    ['redrive', { all: true }, 'redrive {"all":true}'],
    ['drop', { shard: '3', error: 'TypeError' }, 'drop {"shard":"3","error":"TypeError"}'],
  ])('changes what it asks for, and that is looked at soon: %s %j', async (path, body, call) => {
    expect(await serving.post(path, body)).toMatchObject({ status: 200 });
    expect(serving.calls).toEqual([call, 'look']);
  });

  it('may say its content type in full, and be called localhost', async () => {
    const host = `localhost:${serving.port}`;
    const headers = { host, origin: `http://${host}`, 'content-type': 'application/json; charset=utf-8' };
    expect(await serving.post('pause', {}, headers)).toMatchObject({ status: 200 });
  });

  it.each([
    ['pause', 'no JSON'],
    ['pause', '[]'],
    ['pause', 'null'],
    ['pause', '"3"'],
    ['pause', { shard: 3 }],
    ['pause', { shard: '' }],
    ['pause', { shards: ['3'] }],
    ['redrive', {}],
    ['redrive', { id: '' }],
    ['redrive', { all: false }],
    ['redrive', { all: 'true' }],
    ['drop', { all: false, id: '3/7/70' }],
    ['drop', {}],
    ['drop', { all: true, id: '3/7/70' }],
    ['drop', { ids: ['3/7/70'], all: true }],
  ])('is told what it cannot ask for: %s %j', async (path, body) => {
    const answer = await serving.post(path, body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatch(/^\S.*\.$/);
    expect(serving.calls).toEqual([]);
  });

  it('is told of failures, with the remedy', async () => {
    const failures: [Error, number][] = [
      [new SettingsError('shard', '9', 'the group has no such shard'), 400],
      [new StoreError('no answer', { code: 'Timeout', outcome: 'unknown', retriable: true }), 502],
      [new TypeError('oh'), 500],
    ];
    for (const [error, status] of failures) {
      const fails = async () => {
        throw error;
      };
      const failing = await createServing({
        actions: { pause: fails, resume: fails, redrive: fails, drop: fails },
      });
      try {
        const answer = await failing.post('pause', {});
        expect({ status: answer.status, error: errorOf(answer) }).toEqual({
          status,
          error: `said: ${error.message}`,
        });
        expect(failing.calls).toEqual(['look']);
      } finally {
        await failing.close();
      }
    }
  });
});

describe('who takes too much', () => {
  it('by a body that does not end, is cut off; others are answered', async () => {
    const answer = await serving.post('pause', JSON.stringify({ shard: 'x'.repeat(20_000) }));
    expect(answer.status).toBe(413);
    const headers = {
      origin: serving.origin,
      'content-type': 'application/json',
      'content-length': '999999999',
    };
    const endless = serving.open({ method: 'POST', path: 'pause', headers });
    endless.on('error', () => {});
    endless.write('x'.repeat(20_000));
    expect((await serving.respond(endless)).statusCode).toBe(413);
    endless.destroy();
    expect(serving.calls).toEqual([]);
    expect(await serving.ask()).toMatchObject({ status: 200 });
  });

  it.each([
    ['headers', 60_000, 'GET / HTTP/1.1\r\nhost: x\r\n'],
    [
      'a body',
      80,
      `POST /${TOKEN}/pause HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\norigin: http://127.0.0.1:PORT\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
    ],
  ])('by %s that do not come to an end, is dropped', async (_what, requestMs, sent) => {
    const quick = await createServing({ limits: { headersMs: 40, requestMs, silentMs: 60_000 } });
    try {
      const socket = connect(quick.port, '127.0.0.1');
      socket.on('error', () => {}).resume();
      socket.write(sent.replaceAll('PORT', String(quick.port)));
      await new Promise((resolve) => socket.once('close', resolve));
      expect(quick.calls).toEqual([]);
    } finally {
      await quick.close();
    }
  });

  it('by streams, gets 16 of them, and another one when one has been closed', async () => {
    const streams = await Promise.all(Array.from({ length: 16 }, () => serving.stream()));
    const refused = await serving.ask({ path: 'events' });
    expect(refused.status).toBe(503);
    expect(errorOf(refused)).toMatch(/16 pages are open/);
    streams[0]!.close();
    await expect.poll(() => serving.listeners.size).toBe(15);
    const another = await serving.stream();
    expect(another.response.statusCode).toBe(200);
    for (const { close } of [...streams, another]) close();
    await expect.poll(() => serving.listeners.size).toBe(0);
  });

  it('by reading nothing, is kept so much for and no more, and is told everything anew when it reads on', async () => {
    const { response, close } = await serving.stream();
    const change: Change = {
      failure: 'x'.repeat(1_000_000),
      changes: { spans: [], ticks: {}, points: [], events: [], gaps: [] },
    };
    for (let count = 0; count < 100; count++) serving.tell(change);
    const events: string[] = [];
    let bytes = 0;
    for await (const told of eventsOf(response)) {
      events.push(told.event);
      bytes = told.bytes;
      if (told.event === 'begin' && events.length > 1) break;
    }
    close();
    expect(events[0]).toBe('begin');
    expect(events.at(-1)).toBe('begin');
    expect(events.length).toBeGreaterThan(5);
    expect(bytes).toBeLessThan(20_000_000);
  });

  it('by taking nothing for long, is dropped', async () => {
    const quick = await createServing({ limits: { headersMs: 10_000, requestMs: 10_000, silentMs: 100 } });
    try {
      await quick.stream();
      await expect.poll(() => quick.listeners.size).toBe(0);
    } finally {
      await quick.close();
    }
  });
});

describe('the stream', () => {
  it('begins with all that is known, and goes on with what changes', async () => {
    const { response, events, close } = await serving.stream({ 'sec-fetch-site': 'same-origin' });
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const begin = (await events.next()).value!;
    expect(begin.event).toBe('begin');
    expect(JSON.parse(begin.data)).toMatchObject({
      about: { group: 'orders' },
      now: 5,
      failure: 'not seen yet',
      history: { spans: [] },
    });
    serving.tell({
      failure: 'two\nlines',
      changes: { spans: [], ticks: {}, points: [], events: [], gaps: [] },
    });
    const change = (await events.next()).value!;
    expect(change.event).toBe('change');
    expect(JSON.parse(change.data)).toMatchObject({ failure: 'two\nlines' });
    close();
  });

  it('is closed with the server, which waits for nobody', async () => {
    const { events } = await serving.stream();
    await events.next();
    await serving.close();
    await expect(events.next()).rejects.toThrow('aborted');
    await expect.poll(() => serving.listeners.size).toBe(0);
  });
});

it('the server is reached from this machine only', async () => {
  const others = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address !== undefined && !address.internal && address.family === 'IPv4');
  for (const { address } of others as { address: string }[]) {
    const socket = connect(serving.port, address);
    const how = await new Promise((resolve) => {
      socket.once('connect', () => resolve('connected')).once('error', ({ message }) => resolve(message));
    });
    socket.destroy();
    expect(how).toMatch('ECONNREFUSED');
  }
});

it('a port that is taken is said to be', async () => {
  await expect(createServing({ port: serving.port })).rejects.toThrow(
    `--port: ${serving.port} cannot be used: another program listens on 127.0.0.1:${serving.port}; choose another one`,
  );
});
