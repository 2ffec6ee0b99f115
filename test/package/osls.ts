import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readZip } from './zip.ts';

const ROOT = join(import.meta.dirname, '../..');
const OSLS = join(ROOT, 'node_modules/serverless/bin/serverless.js');
const OFFLINE = join(import.meta.dirname, 'fixtures/offline.mjs');
/** What packaging reads. No bundle is among it: packaging makes them. */
const SOURCES = ['serverless.yml', 'package.json', 'build.ts', 'infra', 'functions', 'lib'];
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
  /** What `consume.zip` holds: path → contents. */
  files: Map<string, Buffer>;
  /** The files written out, with nothing else around them: no sources, no `node_modules`. */
  directory: string;
}

/**
 * Runs the real `osls package` on a copy of the service: it works in the service's `.serverless`, which must neither be
 * shared by tests that run at the same time nor taken from somebody who deploys. It has no AWS credentials and no network.
 *
 * @param parameters as on the command line, such as `slots=3`
 * @throws what the Framework printed, if it refused the service
 */
export async function packageService(...parameters: string[]): Promise<Packaged> {
  const service = await mkdtemp(join(tmpdir(), 'shardbeat-service-'));
  try {
    for (const source of SOURCES) await cp(join(ROOT, source), join(service, source), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(service, 'node_modules'));
    await osls(service, parameters);
    const output = join(service, '.serverless');
    const template = await readFile(join(output, 'cloudformation-template-update-stack.json'), 'utf8');
    const files = readZip(await readFile(join(output, 'consume.zip')));
    const directory = await unpack(files);
    return {
      template: JSON.parse(template),
      files,
      directory,
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
    };
  } finally {
    await rm(service, { recursive: true });
  }
}

async function osls(service: string, parameters: readonly string[]): Promise<void> {
  const options = parameters.map((parameter) => `--param=${parameter}`);
  const environment = { PATH: dirname(process.execPath), HOME: service, NODE_OPTIONS: `--import=${OFFLINE}` };
  try {
    await run(process.execPath, [OSLS, 'package', ...options], { cwd: service, env: environment });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`osls package failed:\n${stderr}${stdout}`, { cause: error });
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
