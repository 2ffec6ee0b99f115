import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { BUNDLED } from '../../infra/bundle.ts';
import { userFunctionsOf } from '../../lib/delivery/userFunctions.ts';
import type { Batch, BatchContext, EachBatch, LogRecord, StopShard, UserModule } from '../../lib/index.ts';

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
    const { deliver } = userFunctionsOf(await load(write(text, ending)));
    expect(await deliver(batch, contextOf())).toEqual({ how: 'succeeded' });
    const expected = text.includes('eachRecord') ? ['one of g/0/a-b', 'two of g/0/a-b'] : ['g/0/a-b'];
    expect(seen).toEqual(expected);
  });

  const refused: [string, string, string, string][] = [
    ['mjs', 'nothing', 'export {};', 'nothing'],
    ['mjs', 'another name', 'export const process = () => {};', 'process (function)'],
    ['mjs', 'no function', 'export const eachBatch = 3, other = null;', 'eachBatch (number), other (null)'],
    ['mjs', 'both', 'export const eachBatch = () => {}, eachRecord = eachBatch;', 'eachRecord (function)'],
    [
      'mjs',
      'both, one of them in the default',
      'export const eachBatch = () => {}; export default { eachRecord: eachBatch };',
      'default (eachRecord)',
    ],
    [
      'mjs',
      'both, the other in the default',
      'export const eachRecord = () => {}; export default { eachBatch: eachRecord };',
      'default (eachBatch)',
    ],
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
    expect(() => userFunctionsOf(module)).toThrow(
      expect.objectContaining({ name: 'SettingsError', field: 'module', message }),
    );
    expect(() => userFunctionsOf(module)).toThrow(/export one function from it, eachBatch.* or eachRecord/);
  });
});

describe('what stands beside the function', () => {
  const eachRecord = (): void => {};
  const eachBatch = eachRecord;
  const [start, stop] = [() => {}, () => {}];

  it.each<[string, object]>([
    ['beside eachBatch', { eachBatch, start, stop }],
    ['beside eachRecord', { eachRecord, start, stop }],
    ['beside a default that is a function', { default: eachBatch, start, stop }],
    ['in the default', { default: { eachRecord, start, stop } }],
    ['in part in the default', { default: { eachRecord, start }, stop }],
    ['nearest to the function', { default: { eachRecord, start, stop }, start: eachRecord, stop: 5 }],
  ])('is taken: %s', (_where, module) => {
    const functions = userFunctionsOf(module);
    expect([functions.start, functions.stop]).toEqual([start, stop]);
    expect(Object.keys(functions)).toEqual(['deliver', 'start', 'stop']);
  });

  it('may be left out', () => {
    expect(Object.keys(userFunctionsOf({ eachBatch, start }))).toEqual(['deliver', 'start']);
    expect(Object.keys(userFunctionsOf({ eachRecord }))).toEqual(['deliver']);
  });

  it.each([
    ['start (number)', { eachBatch, start: 3 }, 'start(shard, context)'],
    ['start (null)', { eachBatch, start: null }, 'start(shard, context)'],
    ['stop (async, why)', { eachBatch, stop: { async: 1, why: 2 } }, 'stop(shard, why, context)'],
    ['key (string)', { eachRecord, key: 'orderId' }, 'key(record)'],
    ['key (function)', { eachBatch, key: eachRecord }, 'beside eachRecord'],
    ['key (function)', { default: eachRecord, key: eachRecord }, 'beside eachRecord'],
  ] as const)('is refused: %s', (told, module, remedy) => {
    const refused = (): unknown => userFunctionsOf(module);
    expect(refused).toThrow(expect.objectContaining({ name: 'SettingsError', field: 'module' }));
    expect(refused).toThrow(told);
    expect(refused).toThrow(remedy);
  });
});

it('is typed as it may be written', () => {
  const failing: EachBatch = async (batch) => {
    const failed: LogRecord[] = [];
    for (const record of batch.records) if (record.get('status') === '500') failed.push(record);
    return { failed };
  };
  const sometimes: EachBatch = async ({ bytes }) => {
    if (bytes > 3) return { failed: [0], error: 'too large' };
  };
  const around: EachBatch = async (batch, context) => {
    const outcome = await sometimes(batch, context);
    return outcome;
  };
  const stop: StopShard = (shard, why) => void (why === 'lost' && shard);
  const modules: UserModule[] = [
    { eachBatch: failing },
    { eachBatch: around, start: async (_shard, { signal }) => signal.throwIfAborted(), stop },
    { eachRecord: async () => {}, key: (record) => record.get('order') ?? '', stop },
    { default: sometimes, stop },
    { default: { eachRecord: () => {}, key: () => 'same', start: () => {} } },
  ];
  for (const module of modules) expect(userFunctionsOf(module).deliver).toBeTypeOf('function');
});
