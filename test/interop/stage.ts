import { type SlsService, startSls } from '../../local/sls/service.ts';
import { type Exchange, type Golden, toExchange } from '../golden/golden.ts';
import { type Relay, startRelay } from './relay.ts';

export const PROJECT = 'interop';
export const LOGSTORE = 'orders';
export const ACCOUNT = { accessKeyId: 'interop-id', accessKeySecret: 'interop-secret' };

/** The local service, with a relay before it that writes down what is said. */
export interface Stage extends AsyncDisposable {
  service: SlsService;
  url: string;
  /** The same, but the last byte of every body is changed on its way. */
  tamperedUrl: string;
  /** All that was said so far. */
  golden(client: string): Golden;
}

export async function startStage({ shards }: { shards?: number } = {}): Promise<Stage> {
  await using started = new AsyncDisposableStack();
  const startedAtMs = Date.now();
  let nowMs = startedAtMs;
  // Time stands still while a request is answered: replayed at that time, it is answered alike.
  const clock = { now: () => nowMs, sleep: () => Promise.reject(new Error('nothing waits here')) };
  const service = await startSls({ accounts: [ACCOUNT], clock });
  started.defer(service.close);
  if (shards !== undefined) {
    service.createProject(PROJECT);
    service.createLogstore(PROJECT, LOGSTORE, { shards });
  }
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
    golden: (client) => ({
      client,
      account: ACCOUNT,
      startedAtMs,
      ...(shards === undefined ? {} : { logstore: { project: PROJECT, name: LOGSTORE, shards } }),
      exchanges,
    }),
    [Symbol.asyncDispose]: () => services.disposeAsync(),
  };
}

function tamper(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  if (changed.length > 0) changed[changed.length - 1]! ^= 1;
  return changed;
}
