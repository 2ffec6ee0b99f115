import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { circlesIn, folded, importsOf, readImports } from './modules.ts';
import { folderOf, violationsOf } from './rules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['lib', 'cli', 'functions', 'infra', 'local'];
const imports = readImports(ROOT, FOLDERS);

describe('imports, of values and of types', () => {
  it('are found', () => {
    expect(imports.size).toBeGreaterThan(200);
    expect(imports.get('lib/tick/slot.ts')).toContain('lib/group/heartbeat.ts');
    expect(imports.get('lib/group/planning.ts')).toContain('lib/sources/source.ts');
  });

  it('go the way that docs/architecture.md says', () => {
    expect([...imports].flatMap(([file, imported]) => violationsOf(file, imported))).toEqual([]);
  });

  it('make no circle between files', () => {
    expect(circlesIn(imports)).toEqual([]);
  });

  it('make no circle between folders', () => {
    expect(circlesIn(folded(imports, folderOf))).toEqual([]);
  });
});

describe('what is looked for', () => {
  it('is named in every way that there is', () => {
    const source = `
      import type { A } from './a.ts';
      import { type B } from './b.ts';
      export * from './c.ts';
      export type { D } from './d.ts';
      const e: import('./e.ts').E = await import('./f.ts');
      import g from 'g';
    `;
    const expected = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `lib/tick/${name}.ts`);
    expect(importsOf('lib/tick/x.ts', source).sort()).toEqual(['g', ...expected]);
  });

  it.each([
    ['lib/sources/sls/client.ts', 'lib/group/items.ts', 'lib/sources may not import lib/group'],
    ['lib/group/plan.ts', 'lib/sources/sls/client.ts', 'no log service'],
    ['lib/tick/tick.ts', 'lib/compose/group.ts', 'lib/tick may not import lib/compose'],
    ['lib/errors.ts', 'lib/tick/tick.ts', 'lib/base may not import lib/tick'],
    ['lib/config/settings.ts', 'lib/consume.ts', 'lib/config may not import lib/face'],
    ['functions/consume/handler.ts', 'lib/tick/tick.ts', 'functions may not import lib/tick'],
    ['local/run/run.ts', 'lib/tick/tick.ts', 'shows what a tick answers'],
    ['cli/console/page/page.tsx', 'cli/console/server.ts', 'nothing that runs in Node'],
    ['cli/console/page/page.tsx', 'lib/operations.ts', 'cli/console/page may not import lib/face'],
    ['lib/delivery/x.ts', '@aws-sdk/client-s3', 'only adapters know the AWS SDK'],
  ])('is said of %s that imports %s', (file, target, said) => {
    expect(violationsOf(file, [target])).toEqual([expect.stringContaining(said)]);
  });

  it('is a circle, also one of itself through others', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['b']],
      ['d', []],
    ]);
    expect(circlesIn(graph)).toEqual([['b', 'c', 'b']]);
  });
});
