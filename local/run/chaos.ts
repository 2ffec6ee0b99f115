/** A local run on a bad day: what goes wrong on the platform, and between the function and its services. */
import type { Clock } from '../../lib/runtime.ts';
import type { Dice } from '../faults/dice.ts';
import { createFaults, type Faults } from '../faults/faults.ts';
import { type HostFault, hostRates } from '../faults/list.ts';
import { type Forwarder, startForwarder } from '../host/forwarder.ts';
import { type SecretStore, startSecretStore } from './secretStore.ts';

export interface Chaos {
  faults: Faults<HostFault>;
  /** The variables of the function: its services are reached by way of forwarders. */
  environment: Readonly<Record<string, string>>;
  /** Resolves when the line may go into the stream: all of them together take some intervals. */
  due(line: number): Promise<void>;
  close(): Promise<void>;
}

export interface ChaosOptions {
  /** Decides what happens; how far a run is at that moment is the machine's business. */
  dice: Dice;
  intervalMs: number;
  environment: Readonly<Record<string, string>>;
  /** Of the rates; all of them unless set. */
  share?: number;
  /** How many lines there are; undefined: they come as they come. */
  lines: number | undefined;
  clock: Clock;
  signal: AbortSignal;
}

/** Long enough for most kinds of fault to happen. */
const PRODUCTION_INTERVALS = 16;
const LOCAL_URL = /^http:\/\/127\.0\.0\.1:(\d+)$/;
const TABLE = 'AWS_ENDPOINT_URL_DYNAMODB';

export async function startChaos(options: ChaosOptions): Promise<Chaos> {
  const { dice, share = 1, intervalMs, environment, lines, clock, signal } = options;
  const faults = createFaults(hostRates(share), dice);
  const { variables, store } = await keepKeys(environment);
  const forwarders = new Map<string, Forwarder>();
  const forwarded: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    const [url, port] = LOCAL_URL.exec(value) ?? [];
    if (url !== undefined && !forwarders.has(url)) {
      const slow = name === TABLE ? 'slowStore' : 'slowSource';
      const between = { port: Number(port), clock, faults, slow, slowMsMax: intervalMs } as const;
      forwarders.set(url, await startForwarder(between));
    }
    const forwarder = forwarders.get(value);
    forwarded[name] = forwarder === undefined ? value : `http://127.0.0.1:${forwarder.port}`;
  }
  const startedAtMs = clock.now();
  return {
    faults,
    environment: forwarded,
    due: async (line) => {
      if (lines === undefined) return;
      const dueMs = startedAtMs + (line / lines) * PRODUCTION_INTERVALS * intervalMs;
      await clock.sleep(Math.max(0, dueMs - clock.now()), signal);
    },
    close: async () => {
      await Promise.all([store, ...forwarders.values()].map((each) => each.close()));
    },
  };
}

const KEY = /^SHARDBEAT_(SLS|CLS)_ACCESS_KEY_(ID|SECRET)$/;

/** The access key of the log service is not in the variables, as it should not be on Lambda, but in a secret store. */
async function keepKeys(
  environment: Readonly<Record<string, string>>,
): Promise<{ variables: Record<string, string>; store: SecretStore }> {
  const key: Record<string, string> = {};
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const [, service, part] = KEY.exec(name) ?? [];
    if (part === undefined) variables[name] = value;
    else {
      key[part === 'ID' ? 'accessKeyId' : 'accessKeySecret'] = value;
      variables[`SHARDBEAT_${service}_SECRET`] = 'log-service';
    }
  }
  const store = await startSecretStore({ 'log-service': key });
  return { variables: { ...variables, AWS_ENDPOINT_URL_SECRETS_MANAGER: store.url }, store };
}
