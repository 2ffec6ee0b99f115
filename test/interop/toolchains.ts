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

export type ServiceName = 'sls' | 'cls';

/** What pip is told, by service. Its result is the same for the same files. */
const PIP_STEPS: Readonly<Record<ServiceName, readonly { file: string; options: string[] }[]>> = {
  sls: [{ file: 'requirements.txt', options: [] }],
  cls: [
    { file: 'dependencies.txt', options: ['--only-binary', ':all:'] },
    { file: 'requirements.txt', options: ['--no-deps'] },
    { file: 'generated.txt', options: ['--no-deps'] },
  ],
};

/** The official Python SDK of a service in an environment of its own; undefined if there is no Python. */
export async function installPython(service: ServiceName): Promise<Driver | undefined> {
  if (!(await works('python3', ['--version']))) return undefined;
  const source = join(import.meta.dirname, service, 'python');
  const environment = join(CACHE, `${service}-python`);
  const python = join(environment, 'bin/python');
  const wanted = await read(source, service);
  if ((await read(environment, service).catch(() => '')) !== wanted) {
    await mkdir(CACHE, { recursive: true });
    await execute('python3', ['-m', 'venv', '--clear', environment]);
    for (const { file, options } of PIP_STEPS[service]) {
      const words = ['--quiet', ...options, '--requirement', join(source, file)];
      await execute(python, ['-m', 'pip', 'install', ...words]);
    }
    // What is not there is not installed: these come last.
    for (const { file } of PIP_STEPS[service]) await copyFile(join(source, file), join(environment, file));
  }
  const sdk = /\S+==\S+/.exec(await readFile(join(source, 'requirements.txt'), 'utf8'))?.[0];
  return {
    client: `Python SDK (${sdk})`,
    // -B: nothing is to be left behind in the repository.
    command: (scenario) => [python, '-B', join(source, `${scenario}.py`)],
  };
}

/** The files that say what is installed, one after the other. */
async function read(directory: string, service: ServiceName): Promise<string> {
  const texts = PIP_STEPS[service].map(({ file }) => readFile(join(directory, file), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

/** The official Go SDK of a service, and the drivers built with it; undefined if there is no Go. */
export async function installGo(service: ServiceName): Promise<Driver | undefined> {
  if (!(await works('go', ['version']))) return undefined;
  const source = join(import.meta.dirname, service, 'go');
  const program = join(CACHE, `${service}-go-driver`);
  await mkdir(CACHE, { recursive: true });
  await execute('go', ['build', '-C', source, '-o', program, '.']);
  const modules = await readFile(join(source, 'go.mod'), 'utf8');
  const [, sdk, version] = /require github\.com\/\S+\/(\S+-sdk-go|\S+-go-sdk) (\S+)/.exec(modules) ?? [];
  return { client: `Go SDK (${sdk} ${version})`, command: (scenario) => [program, scenario] };
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
