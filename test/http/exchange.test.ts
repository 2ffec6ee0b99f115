import { describe, expect, test } from 'vitest';
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
