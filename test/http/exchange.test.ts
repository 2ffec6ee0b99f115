import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addressOfUrl } from '../../lib/http/address.ts';
import { createExchange, type HttpResponse } from '../../lib/http/exchange.ts';
import { createManualClock } from '../support/clock.ts';
import { type Reply, serve, signal } from './support.ts';

const OK: Reply = { body: 'fine' };

async function open(...replies: Reply[]) {
  const server = await serve(...replies);
  const clock = createManualClock();
  const exchange = createExchange(addressOfUrl(new URL(server.url)), 1_000, clock);
  const get = (): Promise<HttpResponse> =>
    exchange({ method: 'GET', target: '/', headers: {}, body: undefined, signal });
  const ports = (): number[] => server.received.map(({ port }) => port);
  return { clock, get, ports };
}

describe('a kept connection', () => {
  test('is used again while it is fresh', async () => {
    const { clock, get, ports } = await open(OK);
    await get();
    clock.advance(30_000);
    await get();
    expect(ports()[1]).toBe(ports()[0]);
  });

  test.each([
    ['was idle for long, and the process asleep: no timer told', 30_001],
    ['seems to have been used in the future', -60_000],
  ])('is not if it %s', async (_why, passedMs) => {
    const { clock, get, ports } = await open(OK);
    await get();
    clock.advance(passedMs);
    await get();
    expect(ports()[1]).not.toBe(ports()[0]);
  });

  test('is not after another one died', async () => {
    const { get, ports } = await open(OK, OK, 'reset', OK);
    await Promise.all([get(), get()]);
    expect(new Set(ports()).size).toBe(2);
    await expect(get()).rejects.toMatchObject({ code: 'NetworkError' });
    await get();
    expect(ports().slice(0, 3)).not.toContain(ports()[3]);
  });
});

/** Chunks of HTTP that came together share the memory that is given back once they are joined. */
test.each([1, 3_000, 40_000, 70_000])('a body that comes in pieces of %i bytes is whole', async (size) => {
  const body = randomBytes(Math.min(300_000, size * 2_000));
  const server = createServer((_incoming, response) => {
    for (let at = 0; at < body.length; at += size) response.write(body.subarray(at, at + size));
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const address = addressOfUrl(new URL(`http://127.0.0.1:${port}`));
  const exchange = createExchange(address, 300_000, createManualClock());
  for (let time = 0; time < 2; time++) {
    const response = await exchange({ method: 'GET', target: '/', headers: {}, body: undefined, signal });
    expect(response.body.equals(body)).toBe(true);
  }
});
