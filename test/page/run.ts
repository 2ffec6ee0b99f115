/** A real local run with its page, whose consumers can be killed, and whose function does what files say. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface Run extends AsyncDisposable {
  /** Of its page. */
  readonly address: string;
  /** Puts a line into the stream, besides those that come all the time. */
  put(line: string): void;
  /** What the function goes by from then on: `mended`, or `down-SHARD`. */
  raise(flag: string): Promise<void>;
  lower(flag: string): Promise<void>;
  /** `kill -9` of the slot's process, and of each that is started in its place, until what it returns is called. */
  keepKilling(slot: string): () => void;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>;
}

export const SHARDS = 4;
const ADDRESS = /page: (http:\/\/127\.0\.0\.1:\d+\/\S+)/;
const STARTED = /(\S+) starts as process (\d+)/;
const STARTED_MS_MAX = 30_000;
const LINES_EVERY_MS = 200;
const LINES = 24;

/** It fails at an order without a number as its amount, and in a shard whose database is down. */
const moduleIn = (folder: string): string => `
import { existsSync } from 'node:fs';
const isThere = (flag) => existsSync(${JSON.stringify(`${folder}/`)} + flag);
export const eachBatch = ({ records, shard }) => {
  if (isThere('down-' + shard)) throw new Error('connect ECONNREFUSED');
  for (const record of records) {
    const { order, amount } = JSON.parse(record.get('content'));
    if (typeof amount !== 'number' && !isThere('mended')) throw new TypeError('amount of order ' + order + ' is no number');
  }
};
`;

export async function startRun(): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'shardbeat-page-'));
  const flags = join(folder, 'flags');
  await mkdir(flags);
  await writeFile(join(folder, 'orders.mjs'), moduleIn(flags));
  const main = join(import.meta.dirname, '../../cli/shardbeat.ts');
  const words = ['local', '--input', '-', '--module', 'orders.mjs', '--interval', '2s', '--page-port', '0'];
  const counts = ['--shards', String(SHARDS), '--consumers', String(SHARDS)];
  const child = spawn(process.execPath, [main, ...words, ...counts], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder, NO_COLOR: '1' },
  });
  const ended = once(child, 'close');
  const processes = createProcesses(child);
  const feeding = feed(child.stdin);
  const stop = async (): Promise<void> => {
    clearInterval(feeding);
    child.kill('SIGINT');
    await ended;
  };
  try {
    const address = await processes.address;
    return {
      address,
      put: (line) => void child.stdin.write(`${line}\n`),
      raise: (flag) => writeFile(join(flags, flag), ''),
      lower: (flag) => rm(join(flags, flag)),
      keepKilling: processes.keepKilling,
      stop,
      async [Symbol.asyncDispose]() {
        await stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** What it says of its page and its processes. */
function createProcesses(child: Child) {
  const pids = new Map<string, number>();
  const doomed = new Set<string>();
  const kill = (slot: string): void => {
    const pid = pids.get(slot);
    pids.delete(slot);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  };
  const said: string[] = [];
  const address = new Promise<string>((resolve, reject) => {
    const fail = (why: string) => () => reject(new Error(`${why}; it said:\n${said.join('\n')}`));
    const timer = setTimeout(fail('the run does not say where its page is'), STARTED_MS_MAX);
    child.once('close', fail('the run has ended'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line);
      const [, slot, pid] = STARTED.exec(line) ?? [];
      if (slot !== undefined) pids.set(slot, Number(pid));
      if (slot !== undefined && doomed.has(slot)) kill(slot);
      const [, found] = ADDRESS.exec(line) ?? [];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
  const keepKilling = (slot: string): (() => void) => {
    doomed.add(slot);
    kill(slot);
    return () => doomed.delete(slot);
  };
  return { address, keepKilling };
}

/** Orders that come all the time, some more and some less. */
function feed(stdin: Writable): NodeJS.Timeout {
  // Whoever has ended reads nothing any more.
  stdin.on('error', () => {});
  let order = 1_000;
  return setInterval(() => {
    const count = Math.round(LINES * (1 + 0.5 * Math.sin(order / 400)));
    for (let index = 0; index < count; index += 1) {
      order += 1;
      stdin.write(`${JSON.stringify({ order, amount: (order * 7) % 990, customer: `c-${order % 97}` })}\n`);
    }
  }, LINES_EVERY_MS);
}
