import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { BUNDLED } from '../../infra/bundle.ts';
import { userFunctionOf } from '../../lib/delivery/userFunction.ts';
import type { Batch, BatchContext, RecordContext } from '../../lib/delivery/userModule.ts';
import type { LogRecord } from '../../lib/sources/source.ts';

const directory = mkdtempSync(join(tmpdir(), 'user-module-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Records that are their own content. */
const batch = { id: 'g/0/a-b', shard: '0', records: ['one', 'two'] } as unknown as Batch;
const contextOf = (over: Partial<BatchContext> = {}): BatchContext => ({
  signal: new AbortController().signal,
  remainingMs: () => 1_000,
  logger: undefined as unknown as BatchContext['logger'],
  ...over,
});

/** A module of this text, as Node imports it and as it is when it is bundled. */
const forms = {
  'imported by Node': async (file: string) => import(pathToFileURL(file).href),
  bundled: async (file: string) => {
    const outfile = `${file}.bundle.mjs`;
    const contents = `import * as module from ${JSON.stringify(file)}; export const given = module;`;
    const stdin = { contents, resolveDir: directory, sourcefile: 'entry.mjs' };
    await build({ ...BUNDLED, sourcemap: false, write: true, stdin, outfile });
    return (await import(pathToFileURL(outfile).href)).given;
  },
};
let written = 0;
const write = (text: string, ending: string): string => {
  const file = join(directory, `module${++written}.${ending}`);
  writeFileSync(file, text);
  return file;
};

describe.each(Object.entries(forms))('a module %s', (_form, load) => {
  const EACH_BATCH = '({ id }) => void seen.push(id)';
  const EACH_RECORD = "(record, { batch }) => void seen.push(record + ' of ' + batch.id)";
  const taken: [string, string, string][] = [
    ['mjs', 'named eachBatch', `export const eachBatch = ${EACH_BATCH};`],
    ['mjs', 'named eachRecord', `export const eachRecord = ${EACH_RECORD};`],
    ['mjs', 'a function as default', `export default ${EACH_BATCH};`],
    ['mjs', 'an object as default', `export default { eachRecord: ${EACH_RECORD} };`],
    [
      'mjs',
      'both a name and a default',
      `export const eachBatch = ${EACH_BATCH}; export default () => seen.push('no');`,
    ],
    ['cjs', 'exports.eachBatch', `exports.eachBatch = ${EACH_BATCH};`],
    ['cjs', 'exports.eachRecord', `exports.eachRecord = ${EACH_RECORD};`],
    ['cjs', 'module.exports = {}', `const made = { eachBatch: ${EACH_BATCH} }; module.exports = made;`],
    ['cjs', 'module.exports = function', `module.exports = ${EACH_BATCH};`],
    ['cjs', 'compiled from ES', `exports.__esModule = true; exports.default = ${EACH_BATCH};`],
    [
      'cjs',
      'compiled from ES, an object',
      `exports.__esModule = true; exports.default = { eachRecord: ${EACH_RECORD} };`,
    ],
  ];

  it.each(taken)('.%s is taken: %s', async (ending, _what, text) => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    const eachBatch = userFunctionOf(await load(write(text, ending)));
    await eachBatch(batch, contextOf());
    const expected = text.includes('eachRecord') ? ['one of g/0/a-b', 'two of g/0/a-b'] : ['g/0/a-b'];
    expect(seen).toEqual(expected);
  });

  const refused: [string, string, string, string][] = [
    ['mjs', 'nothing', 'export {};', 'nothing'],
    ['mjs', 'another name', 'export const process = () => {};', 'process (function)'],
    ['mjs', 'no function', 'export const eachBatch = 3, other = null;', 'eachBatch (number), other (null)'],
    ['mjs', 'both', 'export const eachBatch = () => {}, eachRecord = eachBatch;', 'eachRecord (function)'],
    [
      'cjs',
      'another name',
      'const made = { handler: () => {} }; module.exports = made;',
      'default (handler)',
    ],
  ];

  it.each(refused)('.%s is refused, with what it exports: %s', async (ending, _what, text, told) => {
    const module = await load(write(text, ending));
    const message = expect.stringContaining(told);
    expect(() => userFunctionOf(module)).toThrow(
      expect.objectContaining({ name: 'SettingsError', field: 'module', message }),
    );
    expect(() => userFunctionOf(module)).toThrow(/export one function from it, eachBatch.* or eachRecord/);
  });
});

describe('eachRecord', () => {
  it('is called for one record after another, and with the batch they are of', async () => {
    const seen: unknown[] = [];
    let working = 0;
    const eachBatch = userFunctionOf({
      eachRecord: async (record: LogRecord, { batch: { id, shard } }: RecordContext) => {
        seen.push([record, id, shard, ++working]);
        await new Promise((resolve) => setImmediate(resolve));
        working -= 1;
      },
    });
    await eachBatch(batch, contextOf());
    expect(seen).toEqual([
      ['one', 'g/0/a-b', '0', 1],
      ['two', 'g/0/a-b', '0', 1],
    ]);
  });

  it('ends its batch with what it throws: no record after that is given to it', async () => {
    const seen: LogRecord[] = [];
    const eachBatch = userFunctionOf({
      eachRecord: (record: LogRecord) => {
        seen.push(record);
        throw new Error('no');
      },
    });
    await expect(eachBatch(batch, contextOf())).rejects.toThrow('no');
    expect(seen).toEqual(['one']);
  });

  it('is not called any more once the time is over', async () => {
    const ended = new AbortController();
    const seen: LogRecord[] = [];
    const eachBatch = userFunctionOf({
      eachRecord: (record: LogRecord) => {
        seen.push(record);
        ended.abort(new Error('the time is over'));
      },
    });
    await expect(eachBatch(batch, contextOf({ signal: ended.signal }))).rejects.toThrow('the time is over');
    expect(seen).toEqual(['one']);
  });

  it('that never waits lets the timer run that says so', async () => {
    const ended = new AbortController();
    const seen: LogRecord[] = [];
    setTimeout(() => ended.abort(new Error('the time is over')), 0);
    const until = performance.now() + 5;
    const eachBatch = userFunctionOf({
      eachRecord: (record: LogRecord) => {
        seen.push(record);
        while (performance.now() < until);
      },
    });
    const remainingMs = (): number => until - performance.now();
    await expect(eachBatch(batch, contextOf({ signal: ended.signal, remainingMs }))).rejects.toThrow('over');
    expect(seen).toEqual(['one']);
  });
});
