/**
 * Where runs of the local stack say how they are reached, so that a command in another terminal finds them: a file for each process, in a
 * folder that only this user may enter.
 */
import { rmdirSync, rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';

export interface LocalRun {
  readonly pid: number;
  /** The folder in which it was started. */
  readonly directory: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The user's module that its functions run, if there is one. */
  readonly module?: string | undefined;
  /** The variables of its functions: they name its services, and hold keys that only these take. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is taken over from a file, and nothing else. */
const VARIABLE = /^(SHARDBEAT_[A-Z_]+|AWS_(ENDPOINT_URL_DYNAMODB|REGION|ACCESS_KEY_ID|SECRET_ACCESS_KEY))$/;

const userName = (): string => {
  const { uid, username } = userInfo();
  return uid < 0 ? username : String(uid);
};
const folder = (): string => join(tmpdir(), `shardbeat-runs-${userName()}`);

/** Says that this process runs one, until it is disposed of or the process exits, however hastily. Rejects where that cannot be written. */
export async function announceRun(run: Omit<LocalRun, 'pid'>): Promise<Disposable> {
  const { pid } = process;
  const file = join(folder(), `${pid}.json`);
  await makeFolder();
  await writeFile(file, JSON.stringify({ pid, ...run }), { mode: 0o600 });
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(file, { force: true });
    try {
      rmdirSync(folder());
    } catch {
      // Another run is in it.
    }
  };
  process.on('exit', remove);
  return { [Symbol.dispose]: remove };
}

async function makeFolder(): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  if (!(await isOurs())) {
    throw new Error(`${folder()} is not this user's alone: remove it, or set TMPDIR to another folder`);
  }
}

/** Somebody else's file could have us send keys to where it says. */
async function isOurs(): Promise<boolean> {
  const { uid } = userInfo();
  const found = await lstat(folder()).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) return false;
  return uid < 0 || (found.uid === uid && (found.mode & 0o077) === 0);
}

/** The runs that live, those that were started last first. What others left behind, who were killed, is removed. */
export async function localRuns(): Promise<LocalRun[]> {
  if (!(await isOurs())) return [];
  const files = (await readdir(folder())).filter((name) => name.endsWith('.json'));
  const runs = await Promise.all(files.map((name) => readRun(join(folder(), name))));
  return runs.filter((run) => run !== undefined).sort((one, other) => other.startedAt - one.startedAt);
}

async function readRun(file: string): Promise<LocalRun | undefined> {
  try {
    const { pid, directory, startedAt, module, environment } = JSON.parse(
      await readFile(file, 'utf8'),
    ) as LocalRun;
    if (isAlive(pid)) {
      const known = Object.entries(environment).filter(([name]) => VARIABLE.test(name));
      return { pid, directory, startedAt, module, environment: Object.fromEntries(known) };
    }
  } catch (error) {
    // It is being written, or was removed meanwhile.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  await rm(file, { force: true });
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The run of a folder, or of the nearest one above it that has one. */
export function runIn(runs: readonly LocalRun[], directory: string): LocalRun | undefined {
  const found = runs.find((run) => run.directory === directory);
  const above = dirname(directory);
  return found ?? (above === directory ? undefined : runIn(runs, above));
}
