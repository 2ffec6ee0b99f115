/**
 * `npm run test:packages`: both packages as `npm pack` makes them, installed in a folder of somebody else's. It installs what they
 * depend on, so it needs a registry or npm's cache.
 */
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readZip } from '../../local/host/zip.ts';
import { type Folder, makeFolder } from './folder.ts';
import { type Packed, pack } from './pack.ts';
import { serves } from './serves.ts';

const ROOT = join(import.meta.dirname, '../..');
/** A little above what they are. */
const TARBALL_BYTES_MAX = { shardbeat: 1_150_000, 'shardbeat-local': 125_000 };
const CONTENTS = {
  shardbeat: [
    /^(package\.json|README\.md|LICENSE)$/,
    /^dist\/(lib|infra|cli)\/[\w/]+\.(js|js\.map|d\.ts)$/,
    /^dist\/infra\/schema\.json$/,
    /^dist\/cli\/console\/page\/(index\.html|main\.css|icon\.svg|licenses\.txt)$/,
  ],
  'shardbeat-local': [
    /^(package\.json|README\.md|LICENSE)$/,
    /^dist\/(index|sandboxMain|audit|accessLog)\.js$/,
  ],
};
/** As in test/package: what a cold start reads. */
const BUNDLE_BYTES_MAX = 460_000;

const passed = (what: string): void => console.log(`passed: ${what}`);

function checkTarball({ name, bytes, files }: Packed): void {
  const stray = files.filter((file) => !CONTENTS[name].some((pattern) => pattern.test(file)));
  assert.deepEqual(stray, [], `${name} has files that nobody expects`);
  const missing = CONTENTS[name].filter((pattern) => !files.some((file) => pattern.test(file)));
  assert.deepEqual(missing, [], `${name} lacks files`);
  assert(bytes <= TARBALL_BYTES_MAX[name], `${name} has ${bytes} bytes`);
  passed(`${name} has ${files.length} files, none of them stray, in ${(bytes / 1000).toFixed(0)} kB`);
}

/** Without the local services: a sentence that says what to install. */
async function checkAlone({ tarball }: Packed): Promise<void> {
  await using folder = await makeFolder({ 'package.json': '{ "private": true }' });
  await folder.install(tarball);
  for (const command of [['local'], ['serve', 'sls']]) {
    const { code, output } = await folder.run('npx', 'shardbeat', ...command);
    assert.equal(code, 2, output);
    assert.equal(
      output.trim(),
      `command: "${command[0]}" cannot be used: install what it needs: npm i -D shardbeat-local`,
    );
  }
  passed('shardbeat alone says how its local services are installed');
  const { code, output } = await folder.run('npx', 'shardbeat', 'status');
  assert.equal(code, 2, output);
  assert.match(output, /^--group: missing; none is found here/);
  assert.match(await folder.succeed('npx', 'shardbeat', 'completion', 'bash'), /complete .* shardbeat\n$/);
  passed('its commands say where they look for a group, and complete themselves');
}

const ESM = `import { consume, SettingsError, type EachBatch } from 'shardbeat';
import { bundleModule } from 'shardbeat/bundle';
import { openGroup } from 'shardbeat/operations';
import ShardbeatPlugin from 'shardbeat/serverless';
import { s3Sink, type S3SinkOptions } from 'shardbeat/sinks/s3';
import { batchOf } from 'shardbeat/testing';
const options: S3SinkOptions = { bucket: 'logs' };
const eachBatch: EachBatch = ({ records }) => { for (const record of records) record.get('a') satisfies string | undefined; };
// @ts-expect-error A batch is no number.
export const wrong: EachBatch = (batch: number) => {};
export const handler = () => consume({ eachBatch }).use({ before: ({ event }) => { event.slot satisfies string | undefined; } });
export const kinds = [SettingsError, bundleModule, openGroup, ShardbeatPlugin, batchOf, s3Sink(options)].map((it) => typeof it);
console.log(kinds.join());
`;
const COMMONJS = `import shardbeat = require('shardbeat');
import testing = require('shardbeat/testing');
const eachBatch: shardbeat.EachBatch = ({ records }) => { records satisfies Iterable<unknown>; };
// @ts-expect-error A batch is no number.
export const wrong: shardbeat.EachBatch = (batch: number) => {};
export const handler = () => shardbeat.consume({ eachBatch });
console.log(typeof shardbeat.consume, typeof testing.batchOf);
`;

const TYPES = [
  '--strict',
  '--skipLibCheck',
  '--target',
  'es2024',
  '--types',
  'node',
  '--typeRoots',
  join(ROOT, 'node_modules/@types'),
];

async function checkImports(both: Record<string, Packed>): Promise<void> {
  await using folder = await makeFolder({
    'package.json': '{ "private": true }',
    'a.mts': ESM,
    'b.cts': COMMONJS,
  });
  await folder.install(...Object.values(both).map(({ tarball }) => tarball));
  const tsc = (...options: string[]) =>
    folder.succeed('node', join(ROOT, 'node_modules/typescript/bin/tsc'), ...TYPES, ...options);
  await tsc('--module', 'nodenext', 'a.mts', 'b.cts');
  await tsc('--module', 'esnext', '--moduleResolution', 'bundler', '--noEmit', 'a.mts');
  passed('types resolve for ES modules, CommonJS and bundlers');
  assert.equal(
    await folder.succeed('node', 'a.mjs'),
    'function,function,function,function,function,function\n',
  );
  assert.equal(await folder.succeed('node', 'b.cjs'), 'function function\n');
  passed('values are imported, and required');
  await serves(folder, 'sls');
  await serves(folder, 'cls');
  passed('npx shardbeat serve answers');
}

async function checkNewProject(both: Record<string, Packed>, source: 'sls' | 'cls'): Promise<void> {
  await using maker = await makeFolder({ 'package.json': '{ "private": true }' });
  await maker.install(both.shardbeat!.tarball);
  await maker.succeed('npx', 'shardbeat', 'init', 'orders', '--source', source);
  const again = await maker.run('npx', 'shardbeat', 'init', 'orders');
  assert.match(again.output, /^DIR: "orders" cannot be used: the folder is not empty/);
  const project = maker.within('orders');
  // The versions that package.json names are not published yet: these take their place.
  await project.install(...Object.values(both).map(({ tarball }) => tarball));
  await project.succeed('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund');
  await project.succeed('npm', 'test');
  const run = await project.succeed('npm', '--silent', 'start', '--', '--once', '--json', '--interval', '1s');
  const { lost, processed, outOfOrder } = JSON.parse(run.trimEnd().split('\n').at(-1)!);
  assert.deepEqual({ lost, processed, outOfOrder }, { lost: 0, processed: 20_000, outOfOrder: 0 });
  await project.succeed('npm', 'run', 'package');
  await checkArchive(project);
  passed(`npx shardbeat init --source ${source}: it is tested, runs and is packaged`);
}

async function checkArchive(project: Folder): Promise<void> {
  const archive = readZip(await readFile(join(project.path, '.serverless/shardbeat-orders.zip')));
  assert.deepEqual([...archive.keys()].sort(), ['src/handler.mjs', 'src/handler.mjs.map']);
  const bundle = archive.get('src/handler.mjs')!;
  assert(bundle.length <= BUNDLE_BYTES_MAX, `the bundle has ${bundle.length} bytes`);
  const { sources } = JSON.parse(archive.get('src/handler.mjs.map')!.toString()) as { sources: string[] };
  const unwanted = /credential-provider-(node|sso|ini|process)|client-(sso|sts)|infra\/plugin/;
  assert.deepEqual(
    sources.filter((file) => unwanted.test(file)),
    [],
  );
}

await using workshop = await makeFolder();
const packed = await pack(ROOT, workshop.path);
for (const name of ['shardbeat', 'shardbeat-local'] as const) checkTarball(packed[name]);
await checkAlone(packed.shardbeat);
await checkImports(packed);
for (const source of ['sls', 'cls'] as const) await checkNewProject(packed, source);
