/** What a process says of its errors whose bundle names its stacks: each case is a process of its own. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const STACKS = join(import.meta.dirname, '../../lib/stacks.ts');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shardbeat-stacks-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Bundles a source, minified, as `dist/main.mjs`, with its map beside it. */
async function bundle(text: string): Promise<string> {
  const source = join(folder, 'src/orders.ts');
  await mkdir(join(folder, 'src'));
  await writeFile(source, text);
  const outfile = join(folder, 'dist/main.mjs');
  const contents = `import ${JSON.stringify(STACKS)}; import ${JSON.stringify(source)};`;
  await build({
    stdin: { contents, resolveDir: folder, sourcefile: 'entry.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    sourcemap: true,
    outfile,
  });
  return outfile;
}

/** What it wrote, to both streams; also if it failed. */
async function run(file: string, ...options: string[]): Promise<string> {
  const env = { PATH: process.env.PATH };
  const child = promisify(execFile)(process.execPath, [...options, file], { env });
  const { stdout, stderr } = await child.catch((error: { stdout: string; stderr: string }) => error);
  return stdout + stderr;
}

const FAILING = `
interface Order { price?: number }
function priceOf(order: Order): number {
  if (order.price === undefined) throw new TypeError('no price');
  return order.price;
}
class Basket {
  constructor(readonly orders: Order[]) { this.sum(); }
  sum(): number { return this.orders.map((order) => priceOf(order)).reduce((a, b) => a + b, 0); }
}
async function later(): Promise<void> { await null; new Basket([{}]); }
`;

describe('a stack', () => {
  it('names sources, lines and functions', async () => {
    const file = await bundle(`${FAILING} await later().catch((error: Error) => console.log(error.stack));`);
    const lines = (await run(file)).split('\n');
    const source = join(folder, 'src/orders.ts');
    expect(lines[0]).toBe('TypeError: no price');
    expect(lines[1]).toBe(`    at priceOf (${source}:4:40)`);
    // The name of a class is not among what a map says.
    expect(lines).toContainEqual(expect.stringMatching(/^ {4}at \w+\.sum \(.*orders\.ts:9:38\)$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ {4}at new \w+ \(.*orders\.ts:8:\d+\)$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ {4}at async .*orders\.ts:12:\d+\)?$/));
    expect(lines.join('\n')).not.toContain('main.mjs');
  });

  it('is the one that Node makes where it reads maps itself', async () => {
    const file = await bundle(
      `${FAILING} await later().catch((error: Error) => console.log(error.stack));
       try { new URL('::'); } catch (error) { console.log((error as Error).stack); }`,
    );
    const ours = await run(file);
    expect(ours).toContain('TypeError: Invalid URL');
    expect(ours).toBe(await run(file, '--enable-source-maps'));
  });

  it.each([
    ['console.error', 'console.error(error)'],
    ['nobody, who catches it', 'throw error'],
    ['nobody, who handles its rejection', 'void Promise.reject(error)'],
    ['a cause', "console.error(new Error('outside', { cause: error }))"],
  ])('names sources as well when it is written by %s', async (_who, statement) => {
    const file = await bundle(`${FAILING} later().catch((error: Error) => { ${statement}; });`);
    expect(await run(file)).toMatch(/no price\n +at priceOf \(.*src\/orders\.ts:4:40\)/);
  });

  it('costs nothing before it is asked for: only then is the map read', async () => {
    const file = await bundle(`import { renameSync } from 'node:fs';
      ${FAILING}
      const error: Error = await later().catch((error) => error);
      renameSync(import.meta.filename + '.later', import.meta.filename + '.map');
      console.log(error.stack);`);
    await rename(`${file}.map`, `${file}.later`);
    expect(await run(file)).toMatch(/at priceOf \(.*src\/orders\.ts:5:40\)/);
  });

  it('of the same place does not read the map again', async () => {
    const file = await bundle(`import { rmSync } from 'node:fs';
      ${FAILING}
      for (const again of [false, true]) {
        const error: Error = await later().catch((error) => error);
        if (again) rmSync(import.meta.filename + '.map');
        console.log(again, error.stack);
      }`);
    expect(await run(file)).toMatch(/^true TypeError: no price\n +at priceOf \(.*src\/orders\.ts:5:40\)/m);
  });

  it.each([
    ['there is no map', undefined],
    ['the map is none', '{"version": 3'],
    ['the map is of something else', '{"version": 3, "sources": [], "names": [], "mappings": ""}'],
    ['the map has nothing', 'null'],
  ])('is as it would be anyway where %s', async (_why, text) => {
    const file = await bundle(`${FAILING} await later().catch((error: Error) => console.log(error.stack));`);
    await rm(`${file}.map`);
    if (text !== undefined) await writeFile(`${file}.map`, text);
    const stack = await run(file);
    expect(stack).toMatch(/^TypeError: no price\n +at \w+ \(file:.*main\.mjs:\d+:\d+\)/);
  });

  it('of an error whose message cannot be had is Node’s affair', async () => {
    const file = await bundle(`const error = new Error('a');
      Object.defineProperty(error, 'message', { get() { throw new Error('b'); } });
      try { console.log(typeof error.stack); } catch { console.log('thrown'); }`);
    expect(await run(file)).toMatch(/^(string|undefined|thrown)\n$/);
  });
});
