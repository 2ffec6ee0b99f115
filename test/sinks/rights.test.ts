import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/sinks.md'), 'utf8');

/** As IAM calls it: "Actions, resources, and condition keys", service authorization reference. */
const RIGHTS: Readonly<Record<string, string>> = { 'sqs:SendMessageBatch': 'sqs:SendMessage' };

/** What the sources name, and send. */
function actionsOf(source: string): string[] {
  const [, service] = /service: '(\w+)'/.exec(source) ?? [];
  const targets = [...source.matchAll(/target: '\w+\.(\w+)'/g)].map(([, name]) => `${service}:${name}`);
  const named = [...source.matchAll(/'((?:s3|es):[A-Z]\w+)'/g)].map(([, action]) => action!);
  return [...targets, ...named].map((action) => RIGHTS[action] ?? action);
}

describe('the rights in docs/sinks.md', () => {
  const section = page.split('## Rights')[1]!.split('\n## ')[0]!;
  const told = new Map(
    [...section.matchAll(/^\| `(\w+)`[^|]*\| ([^|]*)\|/gm)].map(([, name, cell]) => [
      name!,
      [...cell!.matchAll(/`([\w:]+)`/g)].map(([, action]) => action!),
    ]),
  );

  it('are those of what each sink sends', () => {
    const files = readdirSync(join(ROOT, 'lib/sinks')).filter((name) => name.endsWith('.ts'));
    const sent = files.flatMap((name) => {
      const actions = actionsOf(readFileSync(join(ROOT, 'lib/sinks', name), 'utf8'));
      return actions.length === 0 ? [] : [[name.slice(0, -3), actions] as const];
    });
    expect(new Map(sent)).toEqual(told);
  });
});

describe('the tables in docs/sinks.md', () => {
  it('have every sink, and the tests that they name', () => {
    // What is made of others has nothing of its own.
    const entries = readdirSync(join(ROOT, 'lib/sinks')).filter((name) => /(?<!every)\.ts$/.test(name));
    for (const section of ['What comes there once', 'Limits']) {
      const rows = page.split(`## ${section}`)[1]!.split('\n## ')[0]!;
      for (const entry of entries) expect(rows, section).toContain(`\n| \`${entry.slice(0, -3)}\``);
    }
    for (const [, file] of page.matchAll(/`(test\/[\w/.]+)`/g))
      expect(readdirSync(join(ROOT, 'test/sinks'))).toContain(file!.split('/').at(-1));
  });
});
