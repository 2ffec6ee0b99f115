import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startCls } from '../../../local/cls/service.ts';
import { startDynamodb } from '../../../local/dynamodb.ts';
import { refusalOfCaller } from '../../../local/service/callers.ts';
import { createFront } from '../../../local/service/front.ts';
import { listenLocally } from '../../../local/service/listen.ts';
import { startSls } from '../../../local/sls/service.ts';
import { manualClock } from './support.ts';

const OWN = [
  '127.0.0.1',
  '127.0.0.1:8080',
  '127.9.8.7:1',
  'localhost',
  'LocalHost:80',
  'shop.localhost:8080',
  'shop.127.0.0.1:8080',
  'a-b_c.d.localhost',
  '[::1]',
  '[::1]:8080',
  'shop.cn-hangzhou.log.aliyuncs.com',
  'ap-guangzhou.cls.tencentcs.com',
  'cls.tencentcloudapi.com',
  'shop.sls.example',
];
const FOREIGN = [
  'evil.com',
  'evil.com:8080',
  '127.0.0.1.evil.com',
  'localhost.evil.com',
  'evil.com.127.0.0.1.nip.io',
  'aliyuncs.com.evil.com',
  'evilaliyuncs.com',
  'example.com',
  'evil.com.test.',
  'evillocalhost',
  'evil127.0.0.1',
  '.localhost',
  '10.0.0.1',
  '128.0.0.1',
  '0.0.0.0',
  '[::2]',
  'a b.localhost',
  'localhost:',
  '',
];

describe('who is answered', () => {
  test.each(OWN)('is who asks for %s', (host) => {
    expect(refusalOfCaller({ url: '/', headers: { host } })).toBeUndefined();
  });

  test.each(FOREIGN)('is not who asks for %j, but as a proxy', (host) => {
    expect(refusalOfCaller({ url: '/', headers: { host } })).toMatch(/names of this machine only.* Host\.$/);
    expect(refusalOfCaller({ url: `http://${host}/`, headers: { host } })).toBeUndefined();
  });

  test.each(['http://evil.com', 'http://localhost:3000', 'null', ''])(
    'is no web page, such as of %j',
    (origin) => {
      for (const url of ['/', 'http://shop.sls.example/']) {
        const refusal = refusalOfCaller({ url, headers: { host: 'localhost', origin } });
        expect(refusal).toMatch(/answers no web page/);
      }
    },
  );
});

/** Sends bytes as they are, and returns what comes until the connection ends. */
async function exchange(port: number, lines: readonly string[], body = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write([...lines, 'connection: close', '', body].join('\r\n'));
  return await text(socket);
}

const MEANS = { accounts: [{ accessKeyId: 'local', accessKeySecret: 'local-secret' }], clock: manualClock() };
const SERVICES: readonly [string, () => Promise<{ port: number; close(): Promise<void> }>][] = [
  ['SLS', () => startSls(MEANS)],
  ['CLS', () => startCls(MEANS)],
  ['DynamoDB', () => startDynamodb()],
];

describe.each(SERVICES)('the local %s', (_name, start) => {
  test('answers no other name and no page, and lets no page read what it says', async () => {
    const service = await start();
    onTestFinished(service.close);
    const host = 'host: localhost';
    for (const lines of [
      ['GET / HTTP/1.1', 'host: evil.com'],
      ['POST / HTTP/1.1', 'host: evil.com', 'content-length: 0'],
      ['POST / HTTP/1.1', host, 'origin: https://evil.com', 'content-length: 0'],
      ['OPTIONS / HTTP/1.1', host, 'origin: https://evil.com', 'access-control-request-method: POST'],
    ]) {
      const answer = await exchange(service.port, lines);
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      expect(answer).toMatch(/A local service (is for programs|answers to names)/);
      expect(answer.toLowerCase()).not.toContain('access-control');
    }
    const answer = await exchange(service.port, ['GET / HTTP/1.1', host]);
    expect(answer).not.toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('a server that may have three connections', () => {
  async function open(
    receive: (incoming: IncomingMessage, response: ServerResponse) => void,
  ): Promise<number> {
    const server: Server = createFront(
      { keepAliveMs: 60_000, refuse: (response) => response.end(), receive },
      3,
    );
    const port = await listenLocally(server, 0, 'port');
    onTestFinished(
      () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    return port;
  }
  const echo = (incoming: IncomingMessage, response: ServerResponse): void => {
    text(incoming).then(
      (body) => response.end(`got ${body}`),
      () => response.destroy(),
    );
  };
  /** A connection that has sent something, and whether it is closed. */
  async function opened(port: number, bytes: string): Promise<{ socket: Socket; closed: Promise<unknown> }> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    socket.write(bytes);
    return { socket, closed };
  }
  const ask = (port: number): Promise<string> =>
    exchange(port, ['POST / HTTP/1.1', 'host: localhost', 'content-length: 2'], 'hi').then((answer) =>
      answer.replace(/^.*\r\n\r\n/s, ''),
    );

  test.each([
    ['say nothing', ''],
    ['never end their headers', 'POST / HTTP/1.1\r\nhost: localhost\r\nx: '],
    ['never end their body', 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nx'],
  ])('lets others in however many %s', async (_what, bytes) => {
    const port = await open(echo);
    const slow = [];
    for (let count = 0; count < 20; count += 1) {
      slow.push(await opened(port, bytes));
      expect(await ask(port)).toMatch(/^got hi/);
    }
    for (const { closed } of slow.slice(0, 17)) await closed;
    for (const { socket } of slow) socket.destroy();
  });

  test('drops the one that was answered longest ago, and none that waits for its answer', async () => {
    const waiting: ServerResponse[] = [];
    const port = await open((incoming, response) => {
      incoming.resume();
      if (incoming.url === '/wait') incoming.once('end', () => waiting.push(response));
      else response.end('at once');
    });
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    const first = await opened(port, get('/wait'));
    const second = await opened(port, get('/'));
    await once(second.socket, 'data');
    const third = await opened(port, get('/'));
    await once(third.socket, 'data');
    second.socket.write(get('/again'));
    await once(second.socket, 'data');

    await opened(port, get('/'));
    await third.closed;
    second.socket.write(get('/still'));
    await once(second.socket, 'data');
    expect(waiting).toHaveLength(1);
    waiting[0]!.end('late');
    const [late] = (await once(first.socket, 'data')) as [Buffer];
    expect(late.toString()).toContain('200 OK');
  });

  test('drops one whose answer nobody takes', async () => {
    const port = await open((_incoming, response) => response.end(Buffer.alloc(50_000_000)));
    const slow = [];
    for (let count = 0; count < 3; count += 1) {
      const one = await opened(port, 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
      await once(one.socket, 'readable');
      slow.push(one);
    }
    const next = await opened(port, 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(next.socket, 'readable');
    slow[0]!.socket.resume();
    await slow[0]!.closed;
    for (const { socket } of [...slow, next]) socket.destroy();
  });

  test('ends what is slow in time', () => {
    const server = createFront({ keepAliveMs: 1, refuse: () => {}, receive: () => {} });
    expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 1 });
  });
});
