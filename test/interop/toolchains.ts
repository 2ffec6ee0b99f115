import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Driver } from './driver.ts';

/** What is installed stays here, outside of the repository, for the next time. */
const CACHE = process.env.XDG_CACHE_HOME
  ? join(process.env.XDG_CACHE_HOME, 'shardbeat-interop')
  : join(tmpdir(), 'shardbeat-interop');

const PYTHON_SOURCE = join(import.meta.dirname, 'python');
const GO_SOURCE = join(import.meta.dirname, 'go');

/** The official Python SDK in an environment of its own; undefined if there is no Python. */
export async function installPython(): Promise<Driver | undefined> {
  if (!(await works('python3', ['--version']))) return undefined;
  const environment = join(CACHE, 'python');
  const python = join(environment, 'bin/python');
  const requirements = join(PYTHON_SOURCE, 'requirements.txt');
  const installed = join(environment, 'requirements.txt');
  const wanted = await readFile(requirements, 'utf8');
  if ((await readFile(installed, 'utf8').catch(() => '')) !== wanted) {
    await mkdir(CACHE, { recursive: true });
    await execute('python3', ['-m', 'venv', '--clear', environment]);
    await execute(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
    await copyFile(requirements, installed);
  }
  return {
    client: `Python SDK (${wanted.trim()})`,
    // -B: nothing is to be left behind in the repository.
    command: (scenario) => [python, '-B', join(PYTHON_SOURCE, `${scenario}.py`)],
  };
}

/** The official Go SDK, and the drivers built with it; undefined if there is no Go. */
export async function installGo(): Promise<Driver | undefined> {
  if (!(await works('go', ['version']))) return undefined;
  const program = join(CACHE, 'go-driver');
  await mkdir(CACHE, { recursive: true });
  await execute('go', ['build', '-C', GO_SOURCE, '-o', program, '.']);
  const modules = await readFile(join(GO_SOURCE, 'go.mod'), 'utf8');
  const version = /aliyun-log-go-sdk (\S+)/.exec(modules)?.[1];
  return { client: `Go SDK (aliyun-log-go-sdk ${version})`, command: (scenario) => [program, scenario] };
}

/** Whether a program is there at all. */
async function works(program: string, words: string[]): Promise<boolean> {
  const child = spawn(program, words, { stdio: 'ignore' });
  return once(child, 'close').then(
    ([code]) => code === 0,
    () => false,
  );
}

async function execute(program: string, words: string[]): Promise<void> {
  const child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ended with ${code}`);
}
