import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ACCOUNT, LOGSTORE, PROJECT } from './stage.ts';

/** A program of ours around somebody else's SDK. */
export interface Driver {
  /** The SDK and its version. */
  client: string;
  /** Command line of a scenario: `calls`, `worker`, `refusals`. */
  command(scenario: string): [program: string, ...words: string[]];
}

export type Signature = 'v1' | 'v4';

export interface Connection {
  /** Of the service, or of a relay to it. */
  url: string;
  signature: Signature;
  /** More variables for the driver. */
  environment?: Record<string, string>;
}

/**
 * SDKs connect to `<project>.<endpoint>`. This one leads nowhere: the service is reached as their HTTP proxy, as names
 * below localhost need not resolve, and the Python SDK takes an address for one only if it has no port.
 */
const ENDPOINT = 'http://sls.example';

const COMPLAINTS_LENGTH_MAX = 8_000;

export interface Running {
  process: ChildProcess;
  /** Resolves when it ended well; rejects, with what it complained about, if it did not. */
  ended: Promise<void>;
}

/** Starts a scenario. Every line that the driver prints is one value in JSON. */
export function start(
  { client, command }: Driver,
  scenario: string,
  connection: Connection,
  onLine: (line: unknown) => void,
): Running {
  const [program, ...words] = command(scenario);
  const child = spawn(program, words, { env: environmentOf(connection), stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-COMPLAINTS_LENGTH_MAX);
  });
  const ended = new Promise<void>((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new Error(`${client}, ${scenario}: ${reason}\n${complaints}`));
    createInterface({ input: child.stdout }).on('line', (line) => {
      try {
        onLine(JSON.parse(line));
      } catch (error) {
        fail(`${error}: ${line}`);
      }
    });
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => (code === 0 ? resolve() : fail(`ended with ${code ?? signal}`)));
  });
  return { process: child, ended };
}

/** Runs a scenario to its end and returns its lines. Killed, and failed, if it takes longer than `timeoutMs`. */
export async function run(
  driver: Driver,
  scenario: string,
  connection: Connection,
  timeoutMs = 60_000,
): Promise<unknown[]> {
  const lines: unknown[] = [];
  const running = start(driver, scenario, connection, (line) => lines.push(line));
  const patience = setTimeout(() => running.process.kill('SIGKILL'), timeoutMs);
  try {
    await running.ended;
    return lines;
  } finally {
    clearTimeout(patience);
  }
}

function environmentOf({ url, signature, environment }: Connection): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name));
  return {
    ...Object.fromEntries(own),
    HTTP_PROXY: url,
    http_proxy: url,
    INTEROP_ENDPOINT: ENDPOINT,
    INTEROP_SIGNATURE: signature,
    INTEROP_PROJECT: PROJECT,
    INTEROP_LOGSTORE: LOGSTORE,
    INTEROP_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
    INTEROP_ACCESS_KEY_SECRET: ACCOUNT.accessKeySecret,
    ...environment,
  };
}
