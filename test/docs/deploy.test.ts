/** docs/deploy.md: what it has people type can be typed, its costs are those that are reckoned, and what is changed by hand works. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type AttributeValue, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { runCommandLine } from '../../cli/run.ts';
import schema from '../../infra/schema.json' with { type: 'json' };
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { createWorld } from '../cli/world.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';
import { createMemorySource } from '../support/memorySource.ts';
import { createGroup } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');
const sectionOf = (title: string): string => page.split(`## ${title}\n`)[1]!.split(/\n## /)[0]!;

/** Each line that is typed in the blocks for a shell, whole. */
const typedIn = (text: string): string[] =>
  [...text.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].flatMap(([, , block]) =>
    block!
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );

/** The words of a line, as a shell reads them; what follows a `>` is no word of the command. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare!,
  );
  const end = words.findIndex((word) => word === '>' || word === '#');
  return end < 0 ? words : words.slice(0, end);
}

const optionsOf = (words: readonly string[]): string[] =>
  words.filter((word) => word.startsWith('--')).map((word) => word.slice(2));

describe('a line to be typed', () => {
  const lines = typedIn(page);

  it('is of a program that is known here', () => {
    const known = /^(npx osls|npx shardbeat|aws|npm) /;
    expect(lines.filter((line) => !known.test(line))).toEqual([]);
    expect(lines.length).toBeGreaterThan(20);
  });

  it('of the Framework has options that it has', () => {
    const requireOfFramework = createRequire(join(ROOT, 'node_modules/serverless/package.json'));
    const commands = requireOfFramework('./lib/cli/commands-schema/aws-service.js') as Map<
      string,
      { options: Record<string, object> }
    >;
    const inText = [...page.matchAll(/`npx (osls [^`]+)`/g)].map(([, line]) => `npx ${line}`);
    for (const line of [...lines, ...inText].filter((line) => line.startsWith('npx osls '))) {
      const words = wordsOf(line).slice(2);
      const name = [words.slice(0, 2).join(' '), words[0]!].find((name) => commands.has(name));
      expect(name, line).toBeDefined();
      expect(Object.keys(commands.get(name!)!.options), line).toEqual(
        expect.arrayContaining(optionsOf(words)),
      );
    }
  });

  it('of AWS has options that it has', () => {
    for (const line of lines.filter((line) => line.startsWith('aws '))) {
      const [, service, command, ...words] = wordsOf(line);
      expect(AWS[`${service} ${command}`], line).toEqual(expect.arrayContaining(optionsOf(words)));
    }
  });
});

/** As the command line of AWS has them, which is that of its API. */
const AWS: Readonly<Record<string, string[]>> = Object.fromEntries(
  `
  secretsmanager create-secret: name secret-string region
  cloudformation package: template-file s3-bucket output-template-file
  cloudformation deploy: template-file stack-name capabilities
  lambda put-function-concurrency: function-name reserved-concurrent-executions
  lambda delete-function-concurrency: function-name
  dynamodb query: table-name consistent-read key-condition-expression expression-attribute-values
  dynamodb update-item: table-name key update-expression condition-expression expression-attribute-names expression-attribute-values
  dynamodb update-table: table-name deletion-protection-enabled no-deletion-protection-enabled
  dynamodb delete-table: table-name
  dynamodb list-backups: table-name backup-type
  dynamodb restore-table-from-backup: target-table-name backup-arn
  dynamodb update-continuous-backups: table-name point-in-time-recovery-specification
  `
    .trim()
    .split('\n')
    .map((line) => line.split(':') as [string, string])
    .map(([name, options]) => [name.trim(), options.trim().split(' ')]),
);

describe('a serverless.yml', () => {
  const requireOfFramework = createRequire(join(ROOT, 'node_modules/serverless/package.json'));
  const yaml = requireOfFramework('js-yaml') as { load(text: string, options: object): unknown };
  const cloudFormation = requireOfFramework(
    './lib/utils/serverless-utils/cloudformation-schema.js',
  ) as object;
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text]) => text!);
  const { table, protect, groups } = schema.properties.custom.properties.shardbeat.properties;
  const { properties } = groups.additionalProperties;

  it('can be read, and its groups have settings that there are', () => {
    expect(blocks.length).toBeGreaterThan(3);
    for (const text of blocks) {
      const { custom } = yaml.load(text, { schema: cloudFormation }) as {
        custom?: { shardbeat: { groups?: Record<string, Record<string, object>> } };
      };
      if (custom === undefined) continue;
      expect(Object.keys({ table, protect, groups }), text).toEqual(
        expect.arrayContaining(Object.keys(custom.shardbeat)),
      );
      for (const group of Object.values(custom.shardbeat.groups ?? {})) {
        expect(Object.keys(properties), text).toEqual(expect.arrayContaining(Object.keys(group)));
        for (const source of ['sls', 'cls'] as const)
          expect(Object.keys(properties[source].properties), text).toEqual(
            expect.arrayContaining(Object.keys(group[source] ?? {})),
          );
      }
    }
  });
});

describe('what it costs', () => {
  const rows = sectionOf('What it costs')
    .split('\n')
    .filter((line) => /^\| \d+ GB /.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));

  it.each(rows.map((cells) => [cells[3]!.replaceAll('`', ''), cells.slice(4, -1).map(Number)] as const))(
    'with %s is what the command says',
    async (options, told) => {
      const world = createWorld();
      expect(await runCommandLine(COMMANDS, ['cost', ...options.split(' '), '--json'], world)).toBe(0);
      const { lines, total } = JSON.parse(world.written()) as {
        lines: { name: string; usd: number }[];
        total: { usd: number };
      };
      const sum = (...names: string[]): number =>
        lines.filter(({ name }) => names.includes(name)).reduce((sum, { usd }) => sum + usd, 0);
      const parts = [
        sum('lambdaTime', 'lambdaRequests', 'schedules'),
        sum('writeUnits', 'readUnits'),
        sum('metrics'),
        sum('requests', 'reading', 'egress'),
        sum('egress'),
        sum(...lines.map(({ name }) => name)),
      ];
      expect(total).toBeDefined();
      expect(told).toEqual(parts.map((usd) => Number(usd.toFixed(2))));
    },
  );

  it('has three examples', () => {
    expect(rows).toHaveLength(3);
  });
});

describe('by hand, in an emergency', () => {
  const TABLE = 'shop-prod-shardbeat';
  const section = sectionOf('By hand, in an emergency');
  let table: LocalTable;
  beforeEach(async () => {
    table = await startLocalTable(TABLE);
  });
  afterEach(() => table.close());

  /** Sends what the line of that text has, with something of it replaced. */
  async function type(after: string, replaced: Record<string, string> = {}) {
    const [line = ''] = typedIn(section.slice(section.indexOf(after)));
    expect(line, after).toMatch(/^aws dynamodb /);
    const [, , command, ...words] = wordsOf(line);
    const option = (name: string): string => {
      const index = words.indexOf(`--${name}`);
      return Object.entries(replaced).reduce(
        (text, [from, to]) => text.replace(from, to),
        index < 0 ? '{}' : words[index + 1]!,
      );
    };
    const parsed = (name: string) => JSON.parse(option(name)) as Record<string, AttributeValue>;
    const values = parsed('expression-attribute-values');
    const TableName = option('table-name');
    if (command === 'query') {
      const KeyConditionExpression = option('key-condition-expression');
      const query = { TableName, KeyConditionExpression, ExpressionAttributeValues: values };
      return (await table.client.send(new QueryCommand(query))).Items ?? [];
    }
    const names = parsed('expression-attribute-names') as unknown as Record<string, string>;
    await table.client.send(
      new UpdateItemCommand({
        TableName,
        Key: parsed('key'),
        UpdateExpression: option('update-expression'),
        ConditionExpression: option('condition-expression'),
        ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
        ExpressionAttributeValues: values,
      }),
    );
    return [];
  }

  it('what the page has people type does what it says', async () => {
    const clock = createManualClock();
    const of = { client: table.client, table: TABLE, group: 'orders', clock, random: createCountingRandom() };
    const source = createMemorySource(['3']);
    const world = createGroup({ clock, source, table: createDynamodbStore(of) });
    source.append('3', { content: 'a' }, { content: 'b' });
    for (let round = 0; round < 3; round++) await world.round('consumer-0');
    expect(world.delivered).toEqual(['3:a', '3:b']);

    expect((await type('**Keep what is there.**')).map(({ sk }) => sk!.S)).toEqual([
      'CONSUMER#consumer-0',
      'GROUP',
      'SHARD#3',
    ]);

    await type('**To move a checkpoint**', { 'MTc5NTczNTI4NjY0ODAwMDAwMQ==': '0' });
    await type('**Let it forget.**');
    await world.round('consumer-0');
    expect(world.delivered).toEqual(['3:a', '3:b', '3:a', '3:b']);

    await type('**To pause the group**');
    await type('**Let it forget.**');
    source.append('3', { content: 'c' });
    expect(await world.round('consumer-0')).toMatchObject([{ outcome: 'paused' }]);
    await type('**To pause the group**', { true: 'false' });
    await type('**Let it forget.**');

    clock.advance(-1_000);
    await world.tick('consumer-0', 'consumer-0', {}, clock.now() + 30 * 86_400_000);
    clock.advance(120_000);
    expect(await world.round('consumer-0')).toMatchObject([{ outcome: 'busy' }]);
    await type('**To free a slot**');
    expect(await world.round('consumer-0')).toMatchObject([{ outcome: 'worked' }]);
    expect(world.delivered.at(-1)).toBe('3:c');
  });
});
