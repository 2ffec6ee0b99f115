/**
 * `npm run test:bundling`: packages as they are published, of the kinds that bundlers have trouble with, each in a user module that
 * is bundled and then started from the archive's files alone. It installs them, so it needs a registry.
 */
import { execFileSync } from 'node:child_process';
import { makeService } from './service.ts';

interface Trial {
  says: string;
  packages: readonly string[];
  file: string;
  text: string;
  external?: readonly string[];
  /** What the archive must hold of `node_modules`. */
  shipped: readonly string[];
}

const trials: readonly Trial[] = [
  {
    says: 'node-fetch 2, imported',
    packages: ['node-fetch@^2'],
    file: 'fetch.ts',
    text: "import fetch from 'node-fetch'; console.log(typeof fetch); export const eachBatch = () => {};",
    shipped: [],
  },
  {
    says: 'node-fetch 2, required',
    packages: ['node-fetch@^2'],
    file: 'fetch.cjs',
    text: "const fetch = require('node-fetch'); console.log(typeof fetch); exports.eachBatch = () => {};",
    shipped: [],
  },
  {
    says: 'geoip-lite, which reads data beside itself',
    packages: ['geoip-lite@^2'],
    file: 'geoip.ts',
    text: "import geoip from 'geoip-lite'; console.log(typeof geoip.lookup('8.8.8.8').country); export const eachRecord = () => {};",
    shipped: ['geoip-lite'],
  },
  {
    says: 'pino with a transport, which starts a worker from a file of its own',
    packages: ['pino@^10', 'pino-pretty@^13'],
    file: 'pino.ts',
    text: `import pino from 'pino';
      const logger = pino({ transport: { target: 'pino-pretty', options: { colorize: false, destination: 2 } } });
      logger.info('written');
      await new Promise((resolve) => logger.flush(resolve));
      console.log(typeof logger.info);
      export const eachBatch = () => {};`,
    external: ['pino-pretty'],
    shipped: ['pino', 'pino-pretty', 'thread-stream'],
  },
  {
    says: 'lz4-napi, which is a native addon',
    packages: ['lz4-napi@^2'],
    file: 'lz4.ts',
    text: "import { compressSync } from 'lz4-napi'; console.log(typeof compressSync(Buffer.from('a'))); export const eachBatch = () => {};",
    shipped: ['lz4-napi'],
  },
];

async function pass({ packages, file, text, external = [], shipped }: Trial): Promise<void> {
  await using service = await makeService();
  await service.write({ 'package.json': '{ "private": true, "type": "module" }', [`src/${file}`]: text });
  const install = ['install', '--silent', '--no-audit', '--no-fund', ...packages];
  execFileSync('npm', install, { cwd: service.path, stdio: ['ignore', 'inherit', 'inherit'] });
  const bundle = await service.bundle(`src/${file}`, { external });
  const told = await service.start(bundle.handler);
  if (told.handler !== 'function') throw new Error(told.error?.message ?? 'no handler');
  if (!/^(function|object|string)$/.test(told.written.join())) throw new Error(`it wrote ${told.written}`);
  const missing = shipped.filter((name) => !bundle.shipped.includes(name));
  if (missing.length > 0) throw new Error(`${missing} is not in the archive`);
}

for (const trial of trials) {
  try {
    await pass(trial);
    console.log(`passed: ${trial.says}`);
  } catch (error) {
    console.log(`FAILED: ${trial.says}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
