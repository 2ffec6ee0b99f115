import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import type { Driver } from './driver.ts';

/** What is installed stays here, outside of the repository, for the next time. */
const CACHE = process.env.XDG_CACHE_HOME
  ? join(process.env.XDG_CACHE_HOME, 'shardbeat-interop')
  : join(tmpdir(), 'shardbeat-interop');

/** Puts the jars that a project depends on into a folder. */
const MAVEN_COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
/** A small JVM that starts soon: several of them run beside everything else. What is measured is as a JVM is unless it is told. */
const JAVA_OPTIONS = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

export type ServiceName = 'sls' | 'cls';

/** What pip is told, by service. Its result is the same for the same files. */
const PIP_STEPS: Readonly<Record<ServiceName, readonly { file: string; options: string[] }[]>> = {
  sls: [
    { file: 'compression.txt', options: ['--only-binary', ':all:'] },
    { file: 'requirements.txt', options: [] },
  ],
  cls: [
    { file: 'dependencies.txt', options: ['--only-binary', ':all:'] },
    { file: 'requirements.txt', options: ['--no-deps'] },
    { file: 'generated.txt', options: ['--no-deps'] },
  ],
};

/** The official Python SDK of a service in an environment of its own; undefined if there is no Python. */
export async function installPython(service: ServiceName): Promise<Driver | undefined> {
  const source = join(import.meta.dirname, service, 'python');
  const steps = PIP_STEPS[service].map(({ file, options }) => ({ file: join(source, file), options }));
  const environment = await installIn(`${service}-python`, steps);
  if (environment === undefined) return undefined;
  const sdk = /\S+==\S+/.exec(await readFile(join(source, 'requirements.txt'), 'utf8'))?.[0];
  return {
    client: `Python SDK (${sdk})`,
    // -B: nothing is to be left behind in the repository.
    command: (scenario) => [join(environment, 'bin/python'), '-B', join(source, `${scenario}.py`)],
  };
}

/** Path of a program that pip installs, in an environment of its own; undefined if there is no Python. */
export async function installPythonTool(name: string, requirements: string): Promise<string | undefined> {
  const options = ['--only-binary', ':all:'];
  const environment = await installIn(name, [{ file: requirements, options }]);
  return environment && join(environment, 'bin', name);
}

/** An environment with what these files say; undefined if there is no Python. */
async function installIn(
  name: string,
  steps: readonly { file: string; options: string[] }[],
): Promise<string | undefined> {
  if (!(await works('python3', ['--version']))) return undefined;
  const environment = join(CACHE, name);
  const wanted = await read(steps.map(({ file }) => file));
  const installed = steps.map(({ file }) => join(environment, basename(file)));
  if ((await read(installed).catch(() => '')) !== wanted) {
    await mkdir(CACHE, { recursive: true });
    await execute('python3', ['-m', 'venv', '--clear', environment]);
    for (const { file, options } of steps) {
      const words = ['--quiet', ...options, '--requirement', file];
      await execute(join(environment, 'bin/python'), ['-m', 'pip', 'install', ...words]);
    }
    // What is not there is not installed: these come last.
    for (const [index, { file }] of steps.entries()) await copyFile(file, installed[index]!);
  }
  return environment;
}

/** Files, one after the other. */
async function read(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
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

/** Where a JVM looks up the projects' names. Nobody has this address: its driver brings every connection to the service. */
const JAVA_HOSTS = '192.0.2.1 interop.sls.example nowhere.sls.example\n';

/** The official Java SDK of SLS with its consumer library, and the drivers built with it; undefined if there is no Java. */
export async function installJava(): Promise<Driver | undefined> {
  if (!(await works('javac', ['-version'])) || !(await works('mvn', ['--version']))) return undefined;
  const source = join(import.meta.dirname, 'sls/java');
  const wanted = await readFile(join(source, 'pom.xml'), 'utf8');
  const target = join(CACHE, 'sls-java');
  const [jars, classes, hosts] = ['jars', 'classes', 'hosts'].map((name) => join(target, name)) as [
    string,
    string,
    string,
  ];
  const installed = join(target, 'pom.xml');
  if ((await readFile(installed, 'utf8').catch(() => '')) !== wanted) {
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    const copied = [MAVEN_COPY, `-DoutputDirectory=${jars}`, '-DincludeScope=runtime'];
    await execute('mvn', ['--quiet', '--batch-mode', '--file', join(source, 'pom.xml'), ...copied]);
    await writeFile(hosts, JAVA_HOSTS);
    // What is not there is not installed: this comes last.
    await copyFile(join(source, 'pom.xml'), installed);
  }
  const libraries = join(jars, '*');
  const sources = (await readdir(source)).filter((name) => name.endsWith('.java'));
  const options = ['-encoding', 'UTF-8', '-proc:none', '-XDignore.symbol.file', '-d', classes];
  await execute('javac', [...options, '-cp', libraries, ...sources.map((name) => join(source, name))]);
  const versions = [...wanted.matchAll(/<artifactId>(\S+)<\/artifactId>\s+<version>(\d+\.\S+)<\/version>/g)];
  const client = versions.map(([, name, version]) => `${name} ${version}`).join(', ');
  const path = [classes, libraries].join(delimiter);
  return {
    client: `Java SDK (${client})`,
    command: (scenario) => [
      'java',
      ...(scenario === 'consume' ? [] : JAVA_OPTIONS),
      `-Djdk.net.hosts.file=${hosts}`,
      '-cp',
      path,
      'Main',
      scenario,
    ],
  };
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
