import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SettingsError } from '../../../../lib/errors.ts';
import { lockDirectory } from '../../../../local/service/storage/lock.ts';
import { newDirectory } from '../support.ts';

function directory(holder?: unknown): string {
  const path = newDirectory();
  mkdirSync(path);
  if (holder !== undefined) {
    writeFileSync(join(path, 'lock.41'), typeof holder === 'string' ? holder : JSON.stringify(holder));
  }
  return path;
}

/** A number that no process has: beyond what the kernel gives. */
const NOBODY = 2 ** 30;

test('one at a time; who gives it back lets another one in', () => {
  const path = directory();
  const lock = lockDirectory(path);
  expect(() => lockDirectory(path)).toThrow(SettingsError);
  expect(() => lockDirectory(path)).toThrow(`process ${process.pid} uses it. Stop that one`);
  lock.release();
  const next = lockDirectory(path);
  expect(() => lockDirectory(path)).toThrow(SettingsError);
  next.release();
  expect(readdirSync(path)).toEqual(['lock.2']);
});

test.each<[string, unknown]>([
  ['is no more', { pid: NOBODY }],
  [
    'had the number of a process that started later',
    { pid: process.pid, startedAt: 'before the last boot 1' },
  ],
  ['gave it back', {}],
  ['left nothing legible', '{"pi'],
  ['is no process', { pid: -1 }],
])('a holder that %s is none', (_what, holder) => {
  const path = directory(holder);
  const lock = lockDirectory(path);
  expect(readdirSync(path)).toEqual(['lock.42']);
  expect(JSON.parse(readFileSync(join(path, 'lock.42'), 'utf8'))).toMatchObject({ pid: process.pid });
  lock.release();
});

test.each<[string, unknown]>([
  ['of which only the number is known', { pid: process.pid }],
  ['of another user', { pid: 1 }],
])('a process %s counts as the holder while it runs', (_what, holder) => {
  expect(() => lockDirectory(directory(holder))).toThrow(/lock\.41$/);
});

test('nothing is given back in a directory that is gone', () => {
  const path = directory();
  const lock = lockDirectory(path);
  rmSync(path, { recursive: true });
  lock.release();
});
