import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readZip } from '../../local/host/zip.ts';
import { makeSourcePackage } from '../support/sourcePackage.ts';

const ROOT = join(import.meta.dirname, '../..');
const OSLS = join(ROOT, 'node_modules/serverless/bin/serverless.js');
const OFFLINE = join(import.meta.dirname, 'fixtures/offline.mjs');
/**
 * What each run of the Framework would make anew, for more than half of its time: the check of the schema, kept by the schema's hash, and
 * the code of its modules as the engine has it, kept by their contents.
 */
const CACHE = join(ROOT, 'node_modules/.cache/osls');
const CACHES = { SLS_SCHEMA_CACHE_BASE_DIR: CACHE, NODE_COMPILE_CACHE: CACHE };
/** What packaging this repository reads. No bundle is among it: packaging makes them. */
const SOURCES = ['serverless.yml', 'package.json', 'tsconfig.json', 'infra', 'functions', 'lib'];
export const PACKAGING_MS_MAX = 120_000;
const run = promisify(execFile);

/** A CloudFormation template, as far as these tests look at it. */
export interface Template {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: unknown }>;
}

export interface Resource {
  Type: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a property holds depends on the resource's type.
  Properties: Record<string, any>;
}

export interface Packaged extends AsyncDisposable {
  template: Template;
  /** Of each archive, by its name without ending, what it holds: path → contents. */
  archives: Readonly<Record<string, Map<string, Buffer>>>;
  /** Writes the files of an archive out, with nothing else around them: no sources, no `node_modules`. */
  unpack(archive: string): Promise<string>;
  /** What the Framework said. */
  output: string;
}

/**
 * Runs the real `osls package` on a copy of this repository's service: it works in the service's `.serverless`, which must neither
 * be shared by tests that run at the same time nor taken from somebody who deploys. It has no AWS credentials and no network.
 *
 * @param options as on the command line, such as `--param=slots=3`
 * @throws what the Framework printed, if it refused the service
 */
export async function packageService(...options: string[]): Promise<Packaged> {
  return inFolder(async (service) => {
    for (const source of SOURCES) await cp(join(ROOT, source), join(service, source), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(service, 'node_modules'));
  }, options);
}

/** The same with a service of these files, which has `shardbeat` installed. */
export async function packageFiles(files: Record<string, string>, ...options: string[]): Promise<Packaged> {
  return inFolder((service) => writeFiles(service, files), options);
}

async function writeFiles(service: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(service, path)), { recursive: true });
    await writeFile(join(service, path), text);
  }
  await makeSourcePackage(join(service, 'node_modules/shardbeat'));
}

/**
 * Runs another command of `osls` on such a service, with all of AWS at `endpoint` and nothing else to be found.
 *
 * @throws what the Framework printed, if it failed
 */
export async function runOsls(
  files: Record<string, string>,
  command: readonly string[],
  endpoint: string,
): Promise<string> {
  const aws = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_MAX_ATTEMPTS: '1' };
  return inService(
    (service) => writeFiles(service, files),
    (service) => osls(service, command, { ...aws, AWS_ENDPOINT_URL: endpoint }),
  );
}

/** The same with a folder of this repository, which is a project that has `shardbeat` and these packages installed. */
export async function packageProject(
  folder: string,
  packages: readonly string[] = [],
  edit: (yaml: string) => string = (yaml) => yaml,
): Promise<Packaged> {
  return inFolder(async (service) => {
    await cp(join(ROOT, folder), service, { recursive: true });
    const file = join(service, 'serverless.yml');
    await writeFile(file, edit(await readFile(file, 'utf8')));
    await makeSourcePackage(join(service, 'node_modules/shardbeat'));
    for (const name of packages) await link(service, name, join(ROOT, 'node_modules', name));
  }, []);
}

async function link(service: string, name: string, target: string): Promise<void> {
  const path = join(service, 'node_modules', name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

async function inFolder(
  prepare: (service: string) => Promise<void>,
  options: readonly string[],
): Promise<Packaged> {
  return inService(prepare, async (service) => {
    const said = await osls(service, ['package', ...options], { NODE_OPTIONS: `--import=${OFFLINE}` });
    return readOutput(join(service, '.serverless'), said);
  });
}

async function inService<T>(
  prepare: (service: string) => Promise<void>,
  use: (service: string) => Promise<T>,
): Promise<T> {
  const service = await mkdtemp(join(tmpdir(), 'shardbeat-service-'));
  try {
    await prepare(service);
    return await use(service);
  } finally {
    await rm(service, { recursive: true });
  }
}

async function readOutput(folder: string, output: string): Promise<Packaged> {
  const template = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8');
  const archives: Record<string, Map<string, Buffer>> = {};
  for (const file of await readdir(folder)) {
    if (file.endsWith('.zip'))
      archives[file.slice(0, -'.zip'.length)] = readZip(await readFile(join(folder, file)));
  }
  const unpacked: string[] = [];
  return {
    template: JSON.parse(template),
    archives,
    output,
    unpack: async (archive) => {
      const directory = await unpack(archives[archive] ?? new Map());
      unpacked.push(directory);
      return directory;
    },
    [Symbol.asyncDispose]: async () => {
      for (const directory of unpacked) await rm(directory, { recursive: true });
    },
  };
}

async function osls(
  service: string,
  command: readonly string[],
  environment: Record<string, string>,
): Promise<string> {
  const env = { PATH: dirname(process.execPath), HOME: service, ...CACHES, ...environment };
  try {
    const said = await run(process.execPath, [OSLS, ...command], { cwd: service, env });
    return said.stderr + said.stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`osls ${command[0]} failed:\n${stderr}${stdout}`, { cause: error });
  }
}

async function unpack(files: ReadonlyMap<string, Buffer>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'shardbeat-package-'));
  for (const [path, contents] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), contents);
  }
  return directory;
}
