import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SettingsError } from '../../../lib/errors.ts';

/**
 * One process at a time on a directory.
 *
 * The lock is the file `lock.<n>` with the highest n. It names its holder, `{ pid, startedAt }`, or nobody, `{}`, once it
 * was given back. Who takes it makes `lock.<n+1>`, which the file system lets only one of several do; it is made as a
 * link to a whole file, so that nobody reads half of it. The highest one is never deleted, so a number is never taken
 * twice, and a lock whose holder was killed needs no deleting, at which two could get in at once.
 */
export interface DirectoryLock {
  release(): void;
}

interface Holder {
  pid?: number;
  startedAt?: string;
}

/** Each try is lost only to somebody who got the lock meanwhile. */
const TRIES_MAX = 5;

/** Takes the lock, from a holder that is no more as well. Throws a SettingsError for `data` while there is one. */
export function lockDirectory(directory: string): DirectoryLock {
  const me: Holder = { pid: process.pid, ...startOf(process.pid) };
  for (let tries = TRIES_MAX; tries > 0; tries -= 1) {
    const numbers = lockNumbers(directory);
    const last = numbers.at(-1) ?? 0;
    const holder = last === 0 ? {} : readHolder(pathOf(directory, last));
    if (isAlive(holder)) throw held(directory, last, holder);
    if (!take(directory, last + 1, me)) continue;
    for (const number of numbers) rmSync(pathOf(directory, number), { force: true });
    return { release: () => giveBack(pathOf(directory, last + 1)) };
  }
  throw new SettingsError('data', directory, 'several processes want it at once; start one at a time');
}

function take(directory: string, number: number, holder: Holder): boolean {
  const draft = join(directory, `lock-${process.pid}.tmp`);
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, pathOf(directory, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Somebody may have deleted the directory meanwhile. */
function giveBack(path: string): void {
  if (!existsSync(path)) return;
  writeFileSync(`${path}.tmp`, JSON.stringify({} satisfies Holder));
  renameSync(`${path}.tmp`, path);
}

function lockNumbers(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => Number(/^lock\.(\d{1,12})$/.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0)
    .sort((one, other) => one - other);
}

/** Nobody, if the file went meanwhile or says nothing. */
function readHolder(path: string): Holder {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof holder === 'object' && holder !== null ? holder : {};
  } catch {
    return {};
  }
}

/** Whether the holder runs: its number alone may belong to another process by now, as it always does in a container. */
function isAlive({ pid, startedAt }: Holder): boolean {
  if (!Number.isInteger(pid) || pid! <= 0) return false;
  try {
    process.kill(pid!, 0);
  } catch (error) {
    // Not ours to signal, but there.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid!).startedAt;
  return startedAt === undefined || now === undefined || now === startedAt;
}

/** When a process started, in ticks since a boot; nothing where there is no /proc to say so. */
function startOf(pid: number): { startedAt?: string } {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    // Behind the name, which may hold anything, in parentheses: field 22 of the line is the 20th from there.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    return { startedAt: `${boot} ${fields[19]}` };
  } catch {
    return {};
  }
}

function held(directory: string, number: number, { pid }: Holder): SettingsError {
  const remedy = `process ${pid} uses it. Stop that one, or choose another directory; if it is something else, delete ${pathOf(directory, number)}`;
  return new SettingsError('data', directory, remedy);
}

function pathOf(directory: string, number: number): string {
  return join(directory, `lock.${number}`);
}
