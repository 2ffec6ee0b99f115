import type { Clock } from '../../lib/runtime.ts';
import { type Exchange, toExchange } from '../golden/golden.ts';
import { type Relay, startRelay } from './relay.ts';

interface Service {
  url: string;
  close(): Promise<void>;
}

/** A local service, with a relay before it that writes down what is said. */
export interface Recorder<S extends Service> extends AsyncDisposable {
  service: S;
  url: string;
  /** The same, but the last byte of every body is changed on its way. */
  tamperedUrl: string;
  startedAtMs: number;
  /** All that was said so far. */
  exchanges: Exchange[];
}

export async function startRecorder<S extends Service>(
  startService: (clock: Clock) => Promise<S>,
): Promise<Recorder<S>> {
  await using started = new AsyncDisposableStack();
  const startedAtMs = Date.now();
  let nowMs = startedAtMs;
  // Time stands still while a request is answered: replayed at that time, it is answered alike.
  const clock = { now: () => nowMs, sleep: () => Promise.reject(new Error('nothing waits here')) };
  const service = await startService(clock);
  started.defer(service.close);
  const exchanges: Exchange[] = [];
  const open = async (starting: Promise<Relay>): Promise<Relay> => {
    const relay = await starting;
    started.defer(relay.close);
    return relay;
  };
  const relay = await open(
    startRelay({
      upstream: service.url,
      onRequest: () => {
        nowMs = Date.now();
      },
      onAnswer: (request, answer) => exchanges.push(toExchange(nowMs, request, answer)),
    }),
  );
  const tampering = await open(startRelay({ upstream: relay.url, change: tamper }));
  const services = started.move();
  return {
    service,
    url: relay.url,
    tamperedUrl: tampering.url,
    startedAtMs,
    exchanges,
    [Symbol.asyncDispose]: () => services.disposeAsync(),
  };
}

function tamper(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  if (changed.length > 0) changed[changed.length - 1]! ^= 1;
  return changed;
}
