import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

const MAIN = join(import.meta.dirname, '../../../cli/shardbeat.ts');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Child {
  process: ChildProcess;
  /** Where it listens, once it says so; undefined if it ends first. */
  port: Promise<number | undefined>;
  ended: Promise<Ended>;
  /** Kills it at once, and waits until it is gone. */
  kill(): Promise<Ended>;
}

/** `shardbeat serve …` as a process of its own, killed when the test ends if it still runs then. */
export function serve(...args: string[]): Child {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (code, signal) => resolve([code, signal]));
  });
  const ended = Promise.all([closed, text(child.stdout), text(child.stderr)]).then(
    ([[code, signal], stdout, stderr]) => ({ code, signal, stdout, stderr }),
  );
  const port = new Promise<number | undefined>((resolve) => {
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      const found = /^[A-Z]LS on http:\/\/127\.0\.0\.1:(\d+) until/.exec(seen);
      if (found) resolve(Number(found[1]));
    });
    child.once('close', () => resolve(undefined));
  });
  const kill = (): Promise<Ended> => {
    child.kill('SIGKILL');
    return ended;
  };
  onTestFinished(async () => {
    await kill();
  });
  return { process: child, port, ended, kill };
}
