import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type BundleOptions, bundleModule } from '../../infra/bundle.ts';

const COLD_START = join(import.meta.dirname, '../package/fixtures/coldStart.mjs');
const NODE_MODULES = join(import.meta.dirname, '../../node_modules');
/** What a function must be told to start. */
const ENVIRONMENT = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SOURCE: 'sls',
  SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
  SHARDBEAT_SLS_PROJECT: 'shop',
  SHARDBEAT_SLS_LOGSTORE: 'orders',
  SHARDBEAT_SLS_SECRET: 'shardbeat/sls',
  AWS_REGION: 'eu-west-1',
};

/** What a function said when it was started. */
export interface Told {
  handler?: string;
  error?: { name: string; message: string };
  /** What it wrote before. */
  written: string[];
}

/** A service's folder, and one for what is made of it, with nothing of this repository above them. */
export async function makeService(): Promise<Service> {
  const path = await mkdtemp(join(tmpdir(), 'shardbeat-service-'));
  const archive = await mkdtemp(join(tmpdir(), 'shardbeat-archive-'));
  return {
    path,
    archive,
    write: async (files) => {
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(path, file)), { recursive: true });
        await writeFile(join(path, file), text);
      }
    },
    link: async (name, target = join(NODE_MODULES, name)) => {
      await mkdir(dirname(join(path, 'node_modules', name)), { recursive: true });
      await symlink(target, join(path, 'node_modules', name));
    },
    bundle: (module, options = {}) =>
      bundleModule({ root: path, directory: archive, ...options, module: join(path, module) }),
    start: async (handler) => {
      const child = promisify(execFile)(process.execPath, [COLD_START, join(archive, handler)], {
        env: ENVIRONMENT,
        cwd: archive,
      });
      const written = (await child).stdout.trim().split('\n');
      return { ...JSON.parse(written.pop()!), written };
    },
    [Symbol.asyncDispose]: async () => {
      for (const folder of [path, archive]) await rm(folder, { recursive: true });
    },
  };
}

export interface Service extends AsyncDisposable {
  path: string;
  archive: string;
  write(files: Record<string, string>): Promise<void>;
  /** Has a package installed, which this repository has as well unless said where it is. */
  link(name: string, target?: string): Promise<void>;
  bundle(module: string, options?: Partial<BundleOptions>): ReturnType<typeof bundleModule>;
  /** Starts the bundle in a process of its own, as Lambda does. */
  start(handler: string): Promise<Told>;
}
