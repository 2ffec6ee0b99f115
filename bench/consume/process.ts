/** Runs a consumer and counts what its process costs, from its first pull to its last record: how it starts is measured elsewhere. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ownEnvironment } from '../../test/interop/driver.ts';

export interface Program {
  readonly command: readonly [program: string, ...words: string[]];
  readonly environment: Readonly<Record<string, string>>;
}

export interface Cost {
  /** Of all threads, user and system. */
  readonly cpuS: number;
  readonly wallS: number;
  /** The most memory that it had at a time. */
  readonly memoryMiB: number;
  /** What it said at the end. */
  readonly said: Readonly<Record<string, number>>;
}

/** On a machine with much other work; CLS takes Python a minute in any case. */
const RUN_MS_MAX = 900_000;
const COMPLAINTS_LENGTH_MAX = 4_000;

/** `whenPulling`: told a function to call with the first pull. Rejects, with what it complained about, if it ends without a word. */
export async function run(
  { command: [program, ...words], environment }: Program,
  whenPulling: (begun: () => void) => void,
): Promise<Cost> {
  const child = spawn(program, words, {
    env: { ...ownEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-COMPLAINTS_LENGTH_MAX);
  });
  const ended = once(child, 'close');
  const patience = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
  let before: { cpuS: number; atMs: number } | undefined;
  whenPulling(() => {
    before ??= { cpuS: cpuOf(child.pid!), atMs: performance.now() };
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const said = lastWordsIn(line);
      if (said === undefined) continue;
      if (before === undefined) throw new Error(`${program}: ended before it pulled`);
      const cpuS = cpuOf(child.pid!) - before.cpuS;
      const wallS = (performance.now() - before.atMs) / 1000;
      return { cpuS, wallS, memoryMiB: memoryOf(child.pid!), said };
    }
    throw new Error(`${program} ${words.join(' ')}: ended without a result\n${complaints}`);
  } finally {
    clearTimeout(patience);
    child.kill('SIGKILL');
    await ended;
  }
}

/** Ours also logs to stdout. */
function lastWordsIn(line: string): Record<string, number> | undefined {
  if (!line.startsWith('{')) return undefined;
  const said = JSON.parse(line);
  return 'records' in said || 'bytes' in said ? (said.event === undefined ? said : undefined) : undefined;
}

/** Hundredths of a second, which is what Linux counts in unless it was built otherwise. */
const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Of proc(5): fields 14 and 15; the second one, the name, is in brackets. */
function cpuOf(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

function memoryOf(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
