import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defineCommand } from '../../cli/command.ts';
import { COMMANDS } from '../../cli/commands.ts';
import { runCommandLine } from '../../cli/run.ts';
import { helpOf } from '../../lib/commandLine/help.ts';
import { SettingsError, ShardbeatError } from '../../lib/errors.ts';
import { createWorld } from './world.ts';

const greet = defineCommand({
  name: 'greet',
  summary: 'greets somebody',
  about: 'First paragraph.\n\nSecond paragraph.',
  words: [
    { name: 'NAME', help: 'whom' },
    { name: 'TITLE', help: 'as what', optional: true },
  ],
  options: {
    tone: { type: 'string', value: 'HOW', choices: ['warm', 'cold'], help: 'how' },
    loudly: { type: 'boolean', short: 'l', default: false, help: 'with a mark' },
    'access-key-secret': { type: 'string', value: 'S', section: 'Secrets', help: 'what nobody sees' },
  },
  examples: [['shardbeat greet you', 'says it']],
  exitCodes: { 3: 'nobody is there' },
  run: async ({ words: [name, title = ''], options: { loudly } }, { out }) => {
    if (name === 'nobody') throw new SettingsError('NAME', name, 'name somebody');
    if (name === 'bug') throw new TypeError('a mistake of ours');
    out(`${title}${name}${loudly ? '!' : ''}\n`);
    return 0;
  },
});
const twice = defineCommand({
  name: 'greet twice',
  summary: 'greets two',
  options: {},
  examples: [],
  run: async (_given, { out }) => {
    out('twice\n');
    return 3;
  },
});
const SECTIONS = [{ heading: 'Politeness', commands: [greet, twice] }];

async function typed(line: string) {
  const world = createWorld();
  const code = await runCommandLine(SECTIONS, line === '' ? [] : line.split(' '), world);
  return { code, out: world.written(), said: world.said() };
}

describe('a command', () => {
  it.each([
    ['greet you', { code: 0, out: 'you\n', said: '' }],
    ['greet -l you Dr', { code: 0, out: 'Dryou!\n', said: '' }],
    ['greet twice', { code: 3, out: 'twice\n', said: '' }],
  ])('runs with what was given: %s', async (line, finished) => {
    expect(await typed(line)).toEqual(finished);
  });

  it.each([
    ['greet', 'NAME: missing; write shardbeat greet NAME [TITLE]: whom'],
    ['greet a b c', 'option: "c" cannot be used: write shardbeat greet NAME [TITLE]; see --help'],
    ['greet twice you', 'option: "you" cannot be used: it takes options only; see --help'],
    [
      'greet a --lowdly',
      'option: "--lowdly" cannot be used: there is no such option; --loudly is one; see --help',
    ],
    ['greet a --tone hot', '--tone: "hot" cannot be used: choose warm or cold'],
    ['greet nobody', 'NAME: "nobody" cannot be used: name somebody'],
    ['great you', 'command: "great" cannot be used: greet is one; see shardbeat --help'],
    ['me', 'command: "me" cannot be used: the commands are: greet, greet twice; see shardbeat --help'],
  ])('says what cannot be used, and what to do: %s', async (line, said) => {
    expect(await typed(line)).toEqual({ code: 2, out: '', said });
  });

  it('shows no secret that was given, nor the rest of one that a space cut off', async () => {
    const { code, said } = await typed('greet a b rest-of-it --access-key-secret hush-hush');
    expect(code).toBe(2);
    expect(said).toContain('(hidden)');
    expect(said).not.toMatch(/hush|rest-of-it/);
  });

  it.each([
    ['DynamoDB read on "x" failed: Error: Region is missing', 'name it: --region, or AWS_REGION'],
    ['failed: CredentialsProviderError: Could not load credentials from any providers', '--profile'],
    ['failed: ExpiredTokenException: The security token included is expired', 'the key is refused: log in'],
    ['failed: AccessDeniedException: not authorized', 'docs/deploy.md lists the rights'],
    ['DynamoDB has no table "x": deploy it', 'check --table, --region and --profile, or --stage'],
    ['failed: Error: connect ECONNREFUSED 127.0.0.1:9', 'a local run has ended'],
    ['failed: getaddrinfo ENOTFOUND dynamodb.eu-wset-1', 'check --region'],
    ['failed: ThrottlingException: slow down', 'try again in a while'],
    ['failed: TimeoutError: no answer', 'check the network'],
  ])('that fails says what to do: %s', async (message, remedy) => {
    const failing = defineCommand({
      name: 'fail',
      summary: 'fails',
      options: {},
      examples: [],
      run: async () => {
        throw new ShardbeatError(message, { retriable: false });
      },
    });
    const world = createWorld();
    expect(await runCommandLine([{ heading: '', commands: [failing] }], ['fail'], world)).toBe(1);
    expect(world.said()).toMatch(`${message}\n`);
    expect(world.said()).toContain(remedy);
  });

  it('that fails by a mistake of ours says where, with another code', async () => {
    const { code, said } = await typed('greet bug');
    expect({ code, said }).toEqual({
      code: 1,
      said: expect.stringContaining('TypeError: a mistake of ours'),
    });
  });
});

describe('the help', () => {
  it('of a command has everything that is said of it', async () => {
    expect((await typed('greet --help')).out).toBe(`shardbeat greet: greets somebody

First paragraph.

Second paragraph.

  shardbeat greet NAME [TITLE] [options]

  NAME                       whom
  TITLE                      as what

Options
  --tone HOW                 how
  -l, --loudly               with a mark
  -h, --help                 this text

Secrets
  --access-key-secret S      what nobody sees

Examples
  shardbeat greet you
      says it

Exit code: 0 done; 1 it failed; 2 an option or a setting cannot be used; the message names it and
what to do; 3 nobody is there.
`);
  });

  it('is what one sees who types nothing', async () => {
    const { code, out, said } = await typed('');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(said).toContain('shardbeat greet twice   greets two');
  });

  it('of all lists them', async () => {
    const { code, out } = await typed('--help');
    expect(code).toBe(0);
    expect(out).toContain(
      'Politeness\n  shardbeat greet         greets somebody\n  shardbeat greet twice   greets two\n',
    );
  });

  it('of every command has an example, and lines that fit', async () => {
    for (const { name, text } of COMMANDS.flatMap(({ commands }) => commands)) {
      const told = await text();
      if (told === undefined) continue;
      expect(told.examples, name).not.toEqual([]);
      for (const [line] of told.examples)
        expect(line, name).toMatch(new RegExp(`^(source <\\()?npx shardbeat ${told.name}\\b`));
      for (const line of helpOf(told).split('\n')) {
        if (!told.examples.some(([example]) => line.includes(example))) expect(line.length).toBeLessThan(101);
      }
    }
  });

  it('of every option says that a value follows, and which values there are', async () => {
    for (const { name, text } of COMMANDS.flatMap(({ commands }) => commands)) {
      for (const [option, { type, value, help, choices = [] }] of Object.entries(
        (await text())?.options ?? {},
      )) {
        expect(value === undefined, `${name} --${option}`).toBe(type === 'boolean');
        for (const choice of choices) expect(help, `${name} --${option}`).toContain(choice);
      }
    }
  });

  it('of one command follows the word help, too', async () => {
    expect(await typed('help greet twice')).toEqual(await typed('greet twice --help'));
    expect(await typed('help me')).toMatchObject({ code: 2, said: expect.stringMatching(/^command: "me"/) });
  });
});

describe('the version', () => {
  it.each(['--version', '-v'])('is told: %s', async (option) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await typed(option)).toEqual({ code: 0, out: `${version}\n`, said: '' });
  });
});
