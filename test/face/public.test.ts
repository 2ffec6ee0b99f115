/** The package's face: what its entries export, and that all of it is explained. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const SINKS = readdirSync(join(ROOT, 'lib/sinks'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `lib/sinks/${name}`)
  .sort();
const ENTRIES = ['lib/index.ts', 'lib/operations.ts', 'lib/testing.ts', ...SINKS];
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Exported {
  name: string;
  /** Where it is declared. */
  file: string;
}

/** What an entry exports from other files, and what it declares itself. */
function exportsOf(entry: string): Exported[] {
  const text = read(entry);
  const passedOn = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)].flatMap(
    ([, names, path]) => {
      const file = relative(ROOT, join(ROOT, dirname(entry), path!));
      const listed = names!.split(',').map((name) => name.replace('type ', '').trim());
      return listed.filter((name) => name !== '').map((name) => ({ name, file }));
    },
  );
  const own = [...text.matchAll(/^export (?:async )?(?:function|const|type|interface|class) (\w+)/gm)];
  return [...passedOn, ...own.map(([, name]) => ({ name: name!, file: entry }))];
}

/** Whether the declaration has a docstring right above it. */
function isExplained({ name, file }: Exported): boolean {
  const declared =
    name === 'default' ? 'default' : `(?:async )?(?:function|const|type|interface|class) ${name}\\b`;
  return new RegExp(`\\*/\\nexport ${declared}`).test(read(file));
}

describe('the entries of the package', () => {
  it('have these values, and no other: what is internal may change', async () => {
    const values = await Promise.all(
      ENTRIES.map(async (entry) => Object.keys(await import(join(ROOT, entry))).sort()),
    );
    expect(values).toEqual([
      ['SettingsError', 'ShardbeatError', 'SourceError', 'StoreError', 'consume', 'default'],
      ['openGroup'],
      ['batchOf', 'contextOf', 'createMemorySource', 'recordOf', 'sourceCases', 'startTestGroup'],
      // A sink is one function.
      ...SINKS.map((entry) => [`${/(\w+)\.ts$/.exec(entry)![1]}Sink`]),
    ]);
  });

  it('are those of the manifest', () => {
    const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, { default?: string }> };
    const entries = Object.values(exports).flatMap(
      (entry) => /^\.\/dist\/(lib\/sinks\/.*)\.js$/.exec(entry.default ?? '')?.[1] ?? [],
    );
    expect(entries.map((entry) => `${entry}.ts`).sort()).toEqual(SINKS);
  });

  it.each(ENTRIES.flatMap((entry) => exportsOf(entry).map((exported) => [exported.name, exported] as const)))(
    'explain %s',
    (_name, exported) => {
      expect(isExplained(exported), `${exported.name} in ${exported.file}`).toBe(true);
    },
  );
});
