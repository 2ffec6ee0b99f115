import { spawnSync } from 'node:child_process';
import fs, { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SettingsError } from '../../../../lib/errors.ts';
import { type DirectoryLock, lockDirectory } from '../../../../local/service/storage/lock.ts';
import { newDirectory } from '../support.ts';

const MODULE = join(import.meta.dirname, '../../../../local/service/storage/lock.ts');

function directory(holder?: string): string {
  const path = newDirectory();
  mkdirSync(path);
  if (holder !== undefined) writeFileSync(join(path, 'lock.holder'), holder);
  return path;
}

test('one at a time; who gives it back lets another one in', () => {
  const path = directory();
  const lock = lockDirectory(path);
  expect(() => lockDirectory(path)).toThrow(SettingsError);
  expect(() => lockDirectory(path)).toThrow(`process ${process.pid} uses it. Stop that one`);
  lock.release();
  lock.release();
  const next = lockDirectory(path);
  expect(() => lockDirectory(path)).toThrow(SettingsError);
  next.release();
  expect(readdirSync(path).sort()).toEqual(['lock', 'lock.holder']);
});

test.each(['1\n', '', 'nobody\n', '99999999999999\n'])(
  'a holder is who has the lock, not who %j names',
  (text) => {
    const path = directory(text);
    const lock = lockDirectory(path);
    writeFileSync(join(path, 'lock.holder'), text);
    expect(() => lockDirectory(path)).toThrow(/(another process|process 1) uses it/);
    lock.release();
  },
);

test('a process that is killed lets another one in', () => {
  const path = directory();
  const script = `import { lockDirectory } from ${JSON.stringify(MODULE)};
    lockDirectory(${JSON.stringify(path)});
    process.kill(process.pid, 'SIGKILL');`;
  const killed = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  expect(killed.signal).toBe('SIGKILL');
  expect(readdirSync(path)).toContain('lock.holder');
  lockDirectory(path).release();
});

const CALLS = [
  'existsSync',
  'linkSync',
  'readFileSync',
  'readdirSync',
  'renameSync',
  'rmSync',
  'writeFileSync',
] as const;

/** Has `interlude` run before the n-th of the calls that change or read files while `act` runs. */
function interrupting(n: number, interlude: () => void, act: () => void): boolean {
  let calls = 0;
  let isInterlude = false;
  const originals = CALLS.map((name) => [name, fs[name]] as const);
  for (const [name, original] of originals) {
    const call = (...args: unknown[]): unknown => {
      if (!isInterlude && calls++ === n) {
        isInterlude = true;
        interlude();
        isInterlude = false;
      }
      return (original as (...args: unknown[]) => unknown)(...args);
    };
    Object.assign(fs, { [name]: call });
  }
  syncBuiltinESMExports();
  try {
    act();
  } finally {
    for (const [name, original] of originals) Object.assign(fs, { [name]: original });
    syncBuiltinESMExports();
  }
  return calls > n;
}

test('whenever others take it and give it back while one takes it, one has it in the end', () => {
  for (let n = 0; ; n += 1) {
    const path = directory();
    lockDirectory(path).release();
    const held: DirectoryLock[] = [];
    const take = (): DirectoryLock | undefined => {
      try {
        return lockDirectory(path);
      } catch (error) {
        expect(error).toBeInstanceOf(SettingsError);
        return undefined;
      }
    };
    const hold = (lock: DirectoryLock | undefined): void => {
      if (lock) held.push(lock);
    };
    const interlude = (): void => {
      take()?.release();
      hold(take());
    };
    const wasInterrupted = interrupting(n, interlude, () => hold(take()));
    expect(held).toHaveLength(1);
    held[0]!.release();
    if (!wasInterrupted) break;
    expect(n).toBeLessThan(20);
  }
});

test('nothing is given back in a directory that is gone', () => {
  const path = directory();
  const lock = lockDirectory(path);
  rmSync(path, { recursive: true });
  lock.release();
});
