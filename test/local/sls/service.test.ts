import { createServer } from 'node:http';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { SettingsError } from '../../../lib/errors.ts';
import { projectOfHost } from '../../../local/sls/http.ts';
import { startSls } from '../../../local/sls/service.ts';
import { ACCOUNT, exchange, groupOf, manualClock, put, START_MS, START_SEC, startBench } from './support.ts';

const options = { accounts: [ACCOUNT], clock: manualClock() };

test('a port that is taken is named, with what to do about it', async () => {
  const { service } = await startBench();
  const second = startSls({ ...options, port: service.port });
  await expect(second).rejects.toBeInstanceOf(SettingsError);
  await expect(second).rejects.toMatchObject({ field: 'port', retriable: false });
  await expect(second).rejects.toThrow(`another program listens on 127.0.0.1:${service.port}`);
});

test.each([-1, 65_536, 1.5])('%s is no port', async (port) => {
  await expect(startSls({ ...options, port })).rejects.toMatchObject({ field: 'port' });
});

test('nobody outside of this machine can connect', async () => {
  const { service } = await startBench();
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
  for (const host of [...others, '127.0.0.2']) {
    expect(await connects(host, service.port)).toBe(false);
  }
  expect(await connects('127.0.0.1', service.port)).toBe(true);
});

test('a closed service frees its port, even with a connection open', async () => {
  const first = await startSls(options);
  const socket = createConnection(first.port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => {});
  await first.close();
  const server = createServer();
  onTestFinished(() => {
    server.close();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(first.port, '127.0.0.1', resolve);
  });
});

test('every answer has the time of the service and a number of its own', async () => {
  const bench = await startBench();
  bench.clock.advance(5000);
  const one = await bench.call({ path: '/logstores' });
  const other = await bench.call({ path: '/nothing' });
  for (const { headers } of [one, other]) {
    expect(headers.date).toBe(new Date(START_MS + 5000).toUTCString());
    expect(headers['x-log-requestid']).toMatch(/^[0-9A-F]{24}$/);
  }
  expect(one.headers['x-log-requestid']).not.toBe(other.headers['x-log-requestid']);
});

test.each([
  ['GET', '/nothing'],
  ['DELETE', '/logstores'],
  ['GET', '/logstores/orders/shards/0/more'],
  ['GET', '/logstores/%zz'],
])('%s %s is no operation', async (method, path) => {
  const bench = await startBench();
  const answer = await bench.call({ method, path });
  expect(answer.outcome).toBe('405 InvalidMethod');
  expect(answer.json.errorMessage).toBe(`Invalid request method : ${path}`);
});

test.each([
  ['shop.127.0.0.1:8080', 'shop'],
  ['shop.127.0.0.1', 'shop'],
  ['shop.localhost:8080', 'shop'],
  ['shop.cn-hangzhou.log.aliyuncs.com', 'shop'],
  ['Shop.Localhost', 'shop'],
  ['127.0.0.1:8080', ''],
  ['localhost', ''],
])('host %s is of project "%s"', (host, project) => {
  expect(projectOfHost(host)).toBe(project);
});

test('a host that cannot be is refused', async () => {
  const { service } = await startBench();
  expect((await exchange(service.port, 'GET', '/logstores', { host: 'a b' })).outcome).toBe('403');
  const proxied = await exchange(service.port, 'GET', 'http://a_b/logstores', { host: 'a_b' });
  expect(proxied.outcome).toBe('400 InvalidHost');
});

test('a client may take the service for its proxy', async () => {
  const bench = await startBench();
  let headers: Record<string, string> = {};
  await bench.call({
    path: '/logstores',
    tamper: (signed) => {
      headers = signed.headers;
      return signed;
    },
  });
  const url = 'http://shop.cn-hangzhou.log.aliyuncs.com/logstores';
  const answer = await exchange(bench.service.port, 'GET', url, headers);
  expect(answer.json.logstores).toEqual(['orders']);
});

test('faults are told the operation, and come instead of an answer', async () => {
  const seen: string[] = [];
  const bench = await startBench({
    inject: ({ operation, project, parameters }) => {
      seen.push(`${operation} ${project} ${parameters.logstore ?? ''}`);
      return operation === 'PutLogs' ? { status: 503, code: 'ServerBusy' } : undefined;
    },
  });
  expect((await put(bench, groupOf('a'))).outcome).toBe('503 ServerBusy');
  const end = bench.service.endCursors('shop', 'orders');
  expect((await bench.call({ path: '/logstores/orders/shards' })).outcome).toBe('200');
  expect(bench.service.endCursors('shop', 'orders')).toEqual(end);
  expect(seen).toEqual(['PutLogs shop orders', 'ListShards shop orders']);
});

test('a delay is slept by the clock of the service', async () => {
  const bench = await startBench({ inject: () => ({ delayMs: 3000 }) });
  const answer = await bench.call({ path: '/logstores' });
  expect(answer.outcome).toBe('200');
  expect(answer.headers.date).toBe(new Date((START_SEC + 3) * 1000).toUTCString());
});

test('a bug of the service is an answer too', async () => {
  const bench = await startBench({
    inject: () => {
      throw new TypeError('oops');
    },
  });
  const answer = await bench.call({ path: '/logstores' });
  expect(answer.outcome).toBe('500 InternalServerError');
  expect(answer.json.errorMessage).toContain('oops');
});

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 2000 });
    const end = (result: boolean) => (): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
