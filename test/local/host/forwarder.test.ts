import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createDice } from '../../../local/faults/dice.ts';
import { createFaults } from '../../../local/faults/faults.ts';
import { type HostFault, hostRates } from '../../../local/faults/list.ts';
import { startForwarder } from '../../../local/host/forwarder.ts';
import { createManualClock } from '../../support/clock.ts';

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of stack.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

/** A service behind a forwarder at which this fault always happens. */
async function behind(fault?: HostFault) {
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    incoming.resume().once('end', () => {
      seen.push(incoming.url ?? '');
      response.end('x'.repeat(200_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = createManualClock();
  const rates = { ...hostRates(0), ...(fault && { [fault]: 1 }) };
  const faults = createFaults(rates, createDice('seed'));
  const { port } = server.address() as AddressInfo;
  const forwarder = await startForwarder({ port, clock, faults, slow: 'slowStore', slowMsMax: 1_000 });
  stack.push({
    [Symbol.asyncDispose]: async () => {
      await forwarder.close();
      server.closeAllConnections();
      server.close();
    },
  });
  const ask = (path: string, signal?: AbortSignal) =>
    new Promise<number>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: forwarder.port,
        path,
        method: 'POST',
        agent: false as const,
      };
      const outgoing = request({ ...options, ...(signal && { signal }) }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('end', () => resolve(bytes)).on('error', reject);
      });
      outgoing.on('error', reject).end('y'.repeat(100_000));
    });
  return { ask, seen, clock, faults };
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise(setImmediate);
};

it('passes all on, both ways', async () => {
  const { ask, seen } = await behind();
  expect(await Promise.all(['/1', '/2'].map((path) => ask(path)))).toEqual([200_000, 200_000]);
  expect(seen.sort()).toEqual(['/1', '/2']);
});

it('resets a connection, of which whoever asks hears at once', async () => {
  const { ask } = await behind('connectionDied');
  await expect(ask('/')).rejects.toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
});

it.each([
  ['a request is lost: the service never has it', 'lostRequest', []],
  ['an answer is lost: the service has carried out the request', 'lostAnswer', ['/']],
] as const)('says nothing when %s', async (_what, fault, expected) => {
  const { ask, seen, faults } = await behind(fault);
  const impatience = new AbortController();
  const asked = ask('/', impatience.signal);
  let settled = false;
  asked.catch(() => {
    settled = true;
  });
  await until(() => faults.counts()[fault] > 0 && seen.length === expected.length);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect([settled, seen]).toEqual([false, expected]);
  impatience.abort();
  await expect(asked).rejects.toThrow();
});

it('holds an answer back, and then gives all of it', async () => {
  const { ask, seen, clock } = await behind('slowStore');
  let bytes = 0;
  const asked = ask('/').then((count) => {
    bytes = count;
  });
  await until(() => seen.length === 1);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(bytes).toBe(0);
  clock.advance(1_000);
  await asked;
  expect(bytes).toBe(200_000);
});
