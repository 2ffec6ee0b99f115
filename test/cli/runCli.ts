import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import type { Summary } from '../../local/run/summary.ts';

const MAIN = join(import.meta.dirname, '../../cli/shardbeat.ts');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Process ids of the consumers that it started. */
  pids: number[];
  /** What it left in its temporary directory. */
  leftovers: string[];
}

export interface Running {
  child: ChildProcess;
  finished: Promise<Finished>;
  /** Calls `listener` with each line of progress. */
  onLine(listener: (line: string) => void): void;
}

/** A place for a test's files, with the temporary directory of the runs in it. */
export interface Workspace {
  directory: string;
  /** The folder for temporary files of the runs. */
  temporary: string;
  file(name: string, content: string | Uint8Array): string;
  start(...args: string[]): Running;
  run(...args: string[]): Promise<Finished>;
  remove(): void;
}

export function createWorkspace(): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'cli-test-'));
  const temporary = mkdtempSync(join(directory, 'tmp-'));
  const start = (...args: string[]): Running => {
    const env = { ...process.env, TMPDIR: temporary };
    const child = spawn(process.execPath, [MAIN, 'local', ...args], { env, cwd: directory });
    const lines: string[] = [];
    const listeners: ((line: string) => void)[] = [];
    let rest = '';
    child.stderr.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop()!;
      for (const line of parts) {
        lines.push(line);
        for (const listener of listeners) listener(line);
      }
    });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const finish = async (): Promise<Finished> => {
      const [stdout, code] = await Promise.all([text(child.stdout), exited]);
      const stderr = [...lines, rest].join('\n');
      const pids = [...`${stdout}${stderr}`.matchAll(/starts as process (\d+)/g)].map(([, pid]) =>
        Number(pid),
      );
      return { code, stdout, stderr, pids, leftovers: readdirSync(temporary) };
    };
    return { child, finished: finish(), onLine: (listener) => void listeners.push(listener) };
  };
  return {
    directory,
    temporary,
    file: (name, content) => {
      const path = join(directory, name);
      writeFileSync(path, content);
      return path;
    },
    start,
    run: (...args) => {
      const running = start(...args);
      running.child.stdin!.end();
      return running.finished;
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}

/** The summary, which must be the last line of stdout, and the only one. */
export function summaryOf({ stdout, stderr }: Finished): Summary {
  const lines = stdout.trimEnd().split('\n');
  if (lines.length !== 1) throw new Error(`not one line of summary: ${stdout}\n${stderr}`);
  return JSON.parse(lines[0]!) as Summary;
}

/** What such a run must leave: no process, no file. */
export function expectNothingLeft({ pids, leftovers }: Finished): void {
  expect(pids.filter(isAlive)).toEqual([]);
  expect(leftovers).toEqual([]);
}

/** Lines of different lengths. */
export function linesOf(count: number): string {
  return Array.from({ length: count }, (_, index) => `line ${index} ${'x'.repeat(index % 100)}\n`).join('');
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
