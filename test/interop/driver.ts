import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program of ours around somebody else's SDK. */
export interface Driver {
  /** The SDK and its version. */
  client: string;
  /** Command line of a scenario: `calls`, `worker`, `refusals`. */
  command(scenario: string): [program: string, ...words: string[]];
}

/** What a driver finds in its environment: where the service is, and what it is to do there. */
export type Environment = Readonly<Record<string, string>>;

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
  environment: Environment,
  onLine: (line: unknown) => void,
): Running {
  const [program, ...words] = command(scenario);
  const child = spawn(program, words, {
    env: { ...ownEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
  environment: Environment,
  timeoutMs = 60_000,
): Promise<unknown[]> {
  const lines: unknown[] = [];
  const running = start(driver, scenario, environment, (line) => lines.push(line));
  const patience = setTimeout(() => running.process.kill('SIGKILL'), timeoutMs);
  try {
    await running.ended;
    return lines;
  } finally {
    clearTimeout(patience);
  }
}

/** Ours, but for proxies: the services are on this machine. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
}
