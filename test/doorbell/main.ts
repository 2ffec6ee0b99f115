/**
 * `npm run test:doorbell`: a function that is rung by fauxqs, an SQS that has nothing in common with that of the other tests, by the real clock. It
 * is installed outside of the repository.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGE = 'fauxqs@2.4.1';
const DIRECTORY = join(tmpdir(), 'shardbeat-fauxqs');

interface Fauxqs {
  readonly address: string;
  stop(): Promise<void>;
}

async function run(command: string, words: readonly string[], environment = {}): Promise<number> {
  const options = { cwd: ROOT, env: { ...process.env, ...environment }, stdio: 'inherit' } as const;
  const [code] = await once(spawn(command, words, options), 'close');
  return Number(code ?? 1);
}

/** Nothing of it runs but what is called here. */
async function startFauxqs(): Promise<Fauxqs> {
  await mkdir(DIRECTORY, { recursive: true });
  const options = [
    '--ignore-scripts',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--silent',
  ];
  if ((await run('npm', ['install', '--prefix', DIRECTORY, ...options, PACKAGE])) !== 0)
    throw new Error(`${PACKAGE} could not be installed into ${DIRECTORY}`);
  const module = await import(pathToFileURL(join(DIRECTORY, 'node_modules/fauxqs/dist/app.js')).href);
  return module.startFauxqs({ port: 0, logger: false });
}

const fauxqs = await startFauxqs();
try {
  const config = join(import.meta.dirname, 'vitest.config.ts');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  process.exitCode = await run(process.execPath, [vitest, 'run', '--config', config], {
    SQS_ENDPOINT: fauxqs.address,
  });
} finally {
  await fauxqs.stop();
}
