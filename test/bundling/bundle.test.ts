import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOST } from '../../infra/bundling/target.ts';
import { makeService, type Service } from './service.ts';

const BATCH = 'export const eachBatch = () => {};';
/** A package of CommonJS. */
const packageOf = (name: string, text: string, manifest: object = {}): Record<string, string> => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', ...manifest }),
  [`node_modules/${name}/index.js`]: text,
});

/** What became of a module that tells what it sees. */
async function startOf(service: Service, module: string, options = {}) {
  const bundle = await service.bundle(module, options);
  return { ...bundle, told: await service.start(bundle.handler) };
}

describe('a module', () => {
  it.each([
    ['src/names.cjs', 'exports.eachBatch = () => {};'],
    ['src/object.cjs', 'module.exports = { eachRecord: () => {} };'],
    ['src/one.cjs', 'module.exports = () => {};'],
    [
      'src/typed.ts',
      'export const eachBatch = async (batch: { id: string }): Promise<void> => void batch.id;',
    ],
    ['src/default.mts', 'export default { eachBatch: () => {} };'],
    ["a folder/o'rders.js", 'export const eachRecord = () => {};'],
  ])('%s becomes a handler in its own folder', async (file, text) => {
    await using service = await makeService();
    await service.write({ [file]: text });
    const { handler, files, told } = await startOf(service, file);
    expect(handler).toBe(`${file.slice(0, file.indexOf('/'))}/handler.mjs`);
    expect(files).toEqual([handler, `${handler}.map`]);
    expect(told).toMatchObject({ handler: 'function' });
  });

  it('may use the path aliases of its tsconfig', async () => {
    await using service = await makeService();
    const compilerOptions = { paths: { '@app/*': ['./src/*'] } };
    await service.write({
      'tsconfig.json': JSON.stringify({ compilerOptions }),
      'src/deep/name.ts': "export const name: string = 'aliased';",
      'src/orders.ts': `import { name } from '@app/deep/name.ts'; console.log(name); ${BATCH}`,
    });
    const { told } = await startOf(service, 'src/orders.ts');
    expect(told).toMatchObject({ handler: 'function', written: ['aliased'] });
  });

  it.each([
    ['absent.ts', undefined, 'there is no such file'],
    ['empty.ts', '', 'it exports nothing'],
    ['both.ts', `${BATCH} export const eachRecord = () => {};`, 'it exports eachBatch, eachRecord'],
    ['keyed.ts', `${BATCH} export const key = () => '';`, 'key(record), which returns a string'],
    ['other.ts', 'export const handler = () => {};', 'it exports handler'],
    ['broken.ts', 'export const eachBatch = (;', 'it cannot be bundled: Unexpected ";"'],
    ['missing.ts', `import 'nowhere'; ${BATCH}`, 'Could not resolve "nowhere"'],
  ])('%s is refused with what is wrong', async (file, text, message) => {
    await using service = await makeService();
    if (text !== undefined) await service.write({ [file]: text });
    const bundling = service.bundle(file, { field: '--module' });
    await expect(bundling).rejects.toMatchObject({ name: 'SettingsError', field: '--module' });
    await expect(bundling).rejects.toThrow(message);
  });
});

describe('a package', () => {
  it('that is required is given as CommonJS, also where it has an ES module', async () => {
    await using service = await makeService();
    await service.write({
      ...packageOf('both', 'module.exports = () => "common";', { main: 'index.js', module: 'index.mjs' }),
      'node_modules/both/index.mjs': 'export default () => "module";',
      'orders.cjs': "console.log(require('both')()); exports.eachBatch = () => {};",
    });
    const { told } = await startOf(service, 'orders.cjs');
    expect(told).toMatchObject({ handler: 'function', written: ['common'] });
  });

  it('that reads its own files is shipped with all that it needs', async () => {
    await using service = await makeService();
    const reads =
      "module.exports = require('fs').readFileSync(__dirname + '/data.txt', 'utf8') + require('inner');";
    await service.write({
      ...packageOf('outer', reads, { dependencies: { inner: '1' } }),
      'node_modules/outer/data.txt': 'data of ',
      ...packageOf('inner', 'module.exports = "both";'),
      ...packageOf('unused', 'module.exports = __dirname;'),
      'orders.js': `import text from 'outer'; console.log(text); ${BATCH}`,
    });
    const { told, shipped, files } = await startOf(service, 'orders.js');
    expect(told).toMatchObject({ handler: 'function', written: ['data of both'] });
    expect(shipped).toEqual(['outer']);
    expect(files.filter((file) => !file.startsWith('handler'))).toEqual([
      'node_modules/inner/index.js',
      'node_modules/inner/package.json',
      'node_modules/outer/data.txt',
      'node_modules/outer/index.js',
      'node_modules/outer/package.json',
    ]);
  });

  it('in two versions stands where each is looked for', async () => {
    await using service = await makeService();
    await service.write({
      ...packageOf('one', "module.exports = 'one needs ' + require('shared') + __dirname.slice(0, 0);", {
        dependencies: { shared: '2', two: '1' },
      }),
      ...packageOf('two', "module.exports = 'two needs ' + require('shared');", {
        dependencies: { shared: '1' },
      }),
      ...packageOf('shared', 'module.exports = 1;'),
      ...Object.fromEntries(
        Object.entries(packageOf('shared', 'module.exports = 2;')).map(([path, text]) => [
          `node_modules/one/${path}`,
          text,
        ]),
      ),
      'orders.cjs': "console.log(require('one')); console.log(require('two')); exports.eachBatch = () => {};",
    });
    const { told } = await startOf(service, 'orders.cjs', { external: ['two'] });
    expect(told).toMatchObject({ handler: 'function', written: ['one needs 2', 'two needs 1'] });
  });

  it('that is named external stays an import, and is found beside the bundle', async () => {
    await using service = await makeService();
    await service.write({
      ...packageOf('@scope/plain', 'exports.where = require("path").basename(__filename);'),
      'src/orders.js': `import { where } from '@scope/plain'; console.log(where); ${BATCH}`,
    });
    const { told, shipped } = await startOf(service, 'src/orders.js', { external: ['@scope/plain'] });
    expect(told).toMatchObject({ handler: 'function', written: ['index.js'] });
    expect(shipped).toEqual(['@scope/plain']);
  });

  it('is not external because another one’s name begins its own', async () => {
    await using service = await makeService();
    await service.write({
      ...packageOf('fast', 'module.exports = 1;'),
      ...packageOf('fast-too', 'module.exports = 2;'),
      'orders.js': `import 'fast'; import two from 'fast-too'; console.log(two); ${BATCH}`,
    });
    const { told, files } = await startOf(service, 'orders.js', { external: ['fast'] });
    expect(told).toMatchObject({ handler: 'function', written: ['2'] });
    expect(files.join()).not.toContain('fast-too');
  });

  it('that looks for the addon of whoever requires it has that one shipped', async () => {
    await using service = await makeService();
    await service.write({
      ...packageOf('bindings', 'module.exports = (name) => name;'),
      ...packageOf('native', "module.exports = require('bindings')('native');", {
        dependencies: { bindings: '1' },
      }),
      'orders.js': `import name from 'native'; console.log(name); ${BATCH}`,
    });
    const { told, shipped } = await startOf(service, 'orders.js');
    expect(told).toMatchObject({ handler: 'function', written: ['native'] });
    expect(shipped).toEqual(['native']);
  });

  it('that is named external and not installed is refused', async () => {
    await using service = await makeService();
    await service.write({ 'orders.js': BATCH });
    await expect(service.bundle('orders.js', { external: ['absent'] })).rejects.toThrow(
      'external: "absent" cannot be used: it is not installed: run npm install',
    );
  });

  it('with an addon for other machines only is refused, with what to run', async () => {
    await using service = await makeService();
    const optionalDependencies = { 'fast-arm64': '1', 'fast-x64': '1' };
    await service.write({
      ...packageOf('fast', "module.exports = require('fast-' + process.arch); './fast.node'", {
        optionalDependencies,
      }),
      ...packageOf('fast-x64', 'module.exports = 1;', { os: [process.platform], cpu: ['x64'] }),
      'orders.js': `import fast from 'fast'; console.log(fast); ${BATCH}`,
    });
    const x64 = { ...HOST, architecture: 'x86_64' } as const;
    const { files } = await service.bundle('orders.js', { target: x64 });
    expect(files).toContain('node_modules/fast-x64/index.js');
    const arm64 = { ...HOST, architecture: 'arm64', system: 'linux' } as const;
    await expect(service.bundle('orders.js', { target: arm64 })).rejects.toThrow(
      /external: "fast" cannot be used: .*run npm install --no-save --os=linux --cpu=arm64 fast$/,
    );
  });
});

describe('files that are read when the function runs', () => {
  it('are put where the module looks for them', async () => {
    await using service = await makeService();
    const read = "readFileSync(join(import.meta.dirname, 'rules/a.json'), 'utf8')";
    await service.write({
      'src/rules/a.json': '{"a":1}',
      'src/rules/b.json': '{}',
      'src/rules/deep/c.json': '{}',
      'src/orders.ts': `import { readFileSync } from 'node:fs'; import { join } from 'node:path'; console.log(${read}); ${BATCH}`,
    });
    const patterns = ['src/rules/**', '!src/rules/b.json'];
    const { told, files } = await startOf(service, 'src/orders.ts', { patterns });
    expect(told).toMatchObject({ handler: 'function', written: ['{"a":1}'] });
    expect(files).toEqual([
      'src/handler.mjs',
      'src/handler.mjs.map',
      'src/rules/a.json',
      'src/rules/deep/c.json',
    ]);
  });

  it.each([
    ['none/*.json', 'no file in'],
    ['../*.json', 'an archive holds files of the service'],
  ])('are refused as %s', async (pattern, message) => {
    await using service = await makeService();
    await service.write({ 'service/orders.js': BATCH, 'outside.json': '{}' });
    const bundling = service.bundle('service/orders.js', {
      patterns: [pattern],
      root: join(service.path, 'service'),
    });
    await expect(bundling).rejects.toThrow(message);
  });
});

describe('the ways to AWS credentials that Lambda never goes', () => {
  const CHAIN = /AWS_WEB_IDENTITY_TOKEN_FILE/;
  const codeOf = async (service: Service, handler: string): Promise<string> =>
    readFile(join(service.archive, handler), 'utf8');

  it('are not bundled for the table', async () => {
    await using service = await makeService();
    await service.write({ 'orders.js': BATCH });
    const { handler } = await service.bundle('orders.js');
    expect(await codeOf(service, handler)).not.toMatch(CHAIN);
  });

  it('are bundled for a client of the user’s own', async () => {
    await using service = await makeService();
    await service.link('@aws-sdk/client-dynamodb');
    await service.write({
      'orders.js': `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'; export const own = new DynamoDBClient(); ${BATCH}`,
    });
    const { handler, told } = await startOf(service, 'orders.js');
    expect(told).toMatchObject({ handler: 'function' });
    expect(await codeOf(service, handler)).toMatch(CHAIN);
  });
});
