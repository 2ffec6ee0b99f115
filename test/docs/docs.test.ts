import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { helpOf } from '../../lib/commandLine/help.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { SERVE_CLS_TEXT } from '../../local/cls/serve/options.ts';
import { LOCAL_TEXT } from '../../local/commands/options.ts';
import { SERVE_SLS_TEXT } from '../../local/sls/serve/options.ts';
import { makeSourcePackage } from '../support/sourcePackage.ts';

const ROOT = join(import.meta.dirname, '../..');
const DELIVER = join(import.meta.dirname, 'fixtures/deliver.mjs');
const run = promisify(execFile);
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path))
    .sort();
const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();
const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, group]) => group!);

const PAGES = ['README.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md')];

/** The cells of the rows of all tables of a page whose first cell is `code`. */
function rowsOf(page: string): { name: string; cells: string[] }[] {
  return read(page)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      return { name: /^`([^`]+)`/.exec(cells[1]!)![1]!, cells: cells.slice(1, -1) };
    });
}

describe('the settings in docs/deploy.md', () => {
  const VARIABLE = /\b(SHARDBEAT_[A-Z0-9_]*[A-Z0-9])\b/g;
  const known = unique(filesBelow('lib/config', '.ts').flatMap((file) => matches(read(file), VARIABLE)));
  const rows = rowsOf('docs/deploy.md').filter(({ name }) => name.startsWith('SHARDBEAT_'));
  const defaultOf = ({ cells }: { cells: string[] }): string => cells[1]!;

  /** What is required of every function, and of one that reads this source. */
  const requiredBy = (source: string): string[] =>
    rows
      .filter((row) => defaultOf(row).startsWith('required'))
      .map(({ name }) => name)
      .filter((name) => !/_(SLS|CLS)_/.test(name) || name.includes(`_${source.toUpperCase()}_`));
  const leastOf = (source: string): Record<string, string> => ({
    ...Object.fromEntries(requiredBy(source).map((name) => [name, 'x1'])),
    SHARDBEAT_INTERVAL: '1m',
    SHARDBEAT_SOURCE: source,
    ...(source === 'cls' && { SHARDBEAT_CLS_REGION: 'ap-guangzhou' }),
  });
  const required = ['sls', 'cls'].flatMap((source) =>
    requiredBy(source).map((name) => [source, name] as const),
  );
  // Functions made anew by each reading are no difference.
  const settingsOf = (environment: Record<string, string>): unknown =>
    JSON.parse(
      JSON.stringify(readSettings(environment), (_key, value) =>
        typeof value === 'function' ? value.name : value,
      ),
    );

  it('are those that the function reads', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(known);
  });

  it('are called by their names on every page', () => {
    for (const page of PAGES)
      expect(known, page).toEqual(expect.arrayContaining(matches(read(page), VARIABLE)));
  });

  it.each(required)('of %s need %s, as they say', (source, name) => {
    expect(settingsOf(leastOf(source))).toBeDefined();
    expect(() => readSettings({ ...leastOf(source), [name]: undefined })).toThrow(
      expect.objectContaining({ name: 'SettingsError', field: name }),
    );
  });

  it.each(
    rows
      .filter((row) => defaultOf(row).startsWith('`'))
      .map((row) => [row.name, defaultOf(row).slice(1, -1)]),
  )('have the default of %s right: %s', (name, value) => {
    const least = leastOf(name.includes('_CLS_') ? 'cls' : 'sls');
    expect(settingsOf({ ...least, [name]: value })).toEqual(settingsOf(least));
  });
});

describe('the log events in docs/operations.md', () => {
  const NAME = /'([a-z]+\.[A-Za-z]+)'/g;
  /** Those of a call; where one is chosen beforehand, all that it may be. */
  const namesIn = (call: string, file: string): string[] =>
    call.startsWith('event,')
      ? matches(/const event = [^;]+/.exec(read(file))?.[0] ?? '', NAME)
      : matches(call, NAME);
  const calls = [...filesBelow('lib', '.ts'), ...filesBelow('functions', '.ts')].flatMap((file) =>
    [...read(file).matchAll(/\b(?:logger\.(debug|info|warn|error)|tell)\(([^{)]*)/g)].map(
      ([, level, text]) => ({ file, level, names: namesIn(text!, file) }),
    ),
  );
  const written = filesBelow('lib', '.ts').flatMap((file) =>
    matches(read(file), /\bevent: '([a-z]+\.[A-Za-z]+)'/g),
  );
  const rows = rowsOf('docs/operations.md').filter(({ name }) => /^[a-z]+\.[A-Za-z]+$/.test(name));

  it('are all that the code logs, and no others', () => {
    for (const { file, names } of calls) expect(names, `an event without a name in ${file}`).not.toEqual([]);
    expect(unique(rows.map(({ name }) => name))).toEqual(
      unique([...calls.flatMap(({ names }) => names), ...written]),
    );
  });

  it('have their level', () => {
    const told = rows.map(({ name, cells }) => `${name} ${cells[1]}`);
    const logged = calls.flatMap(({ level, names }) =>
      level ? names.map((name) => `${name} ${level}`) : [],
    );
    expect(told).toEqual(expect.arrayContaining(logged));
  });
});

describe('the options in docs/local.md', () => {
  const helped = matches(helpOf(LOCAL_TEXT), /^ {2}(?:-\w, )?(--[a-z-]+)/gm);

  it('are those of --help', () => {
    const names = rowsOf('docs/local.md').map(({ name }) => name.split(' ')[0]!);
    expect(unique(names.filter((name) => name.startsWith('--')))).toEqual(unique(helped));
  });

  it('of a log service exist, wherever a page starts one or tells of them', () => {
    const helps = { sls: helpOf(SERVE_SLS_TEXT), cls: helpOf(SERVE_CLS_TEXT) };
    const optionsOf = (help: string): string[] => matches(help, /^ {2}(?:-\w, )?(--[a-z-]+)/gm);
    let commands = 0;
    for (const page of PAGES) {
      const text = read(page).replaceAll('\\\n', ' ');
      for (const [, name, command] of text.matchAll(/\bserve (sls|cls)\b([^`\n|#]*)/g)) {
        commands += 1;
        const known = optionsOf(helps[name as keyof typeof helps]);
        expect(known, `${page}: serve ${name}`).toEqual(
          expect.arrayContaining(matches(command!, /(--[a-z-]+)/g)),
        );
      }
    }
    expect(commands).toBeGreaterThan(2);
    const section = read('docs/local.md').split('## The log services on their own')[1]!.split('\n## ')[0]!;
    const all = unique(Object.values(helps).flatMap(optionsOf));
    expect(all).toEqual(expect.arrayContaining(matches(section, /`(--[a-z-]+)/g)));
  });

  it('exist, wherever a page starts a run', () => {
    for (const page of PAGES) {
      for (const command of matches(read(page), /npm start -- ([^`\n|#]*)/g)) {
        expect(helped, page).toEqual(expect.arrayContaining(matches(command, /(--[a-z-]+)/g)));
      }
    }
  });
});

describe('links', () => {
  const withoutCode = (text: string): string => text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  const anchorsOf = (page: string): string[] =>
    matches(withoutCode(read(page)), /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );

  it.each(PAGES)('of %s lead somewhere', (page) => {
    for (const link of matches(withoutCode(read(page)), /\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
      expect(existsSync(join(ROOT, target)), `${page} → ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target), `${page} → ${link}`).toContain(anchor);
    }
  });
});

describe('the decisions', () => {
  it('have each a number of its own, which is also in the title', () => {
    const files = filesBelow('docs/decisions', '.md');
    const numbers = files.map((file) => /(\d{3})-[^/]+$/.exec(file)![1]!);
    expect(numbers).toEqual(unique(numbers));
    for (const [index, file] of files.entries()) expect(read(file)).toMatch(`# ${numbers[index]} `);
  });
});

describe('examples', () => {
  const pages = ['processing', 'local', 'operations', 'cls', 'sinks'];
  const files = pages.flatMap((page) =>
    matches(read(`docs/${page}.md`), /^```ts\n([\s\S]*?)^```$/gm).map((code, index) => ({
      file: `${page}${index}.ts`,
      code,
    })),
  );
  const processing = files.filter(
    ({ file, code }) => file.startsWith('processing') && /export const (eachBatch|eachRecord)\b/.test(code),
  );
  let directory: string;

  // A folder that looks like the root of the repository.
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shardbeat-docs-'));
    await makeSourcePackage(directory);
    for (const name of ['local', 'node_modules']) {
      await symlink(join(ROOT, name), join(directory, name));
    }
    const { compilerOptions } = JSON.parse(read('tsconfig.json'));
    await writeFile(
      join(directory, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: files.map(({ file }) => file) }),
    );
    for (const { file, code } of files) await writeFile(join(directory, file), code);
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('of all pages have correct types', async () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const checking = run(process.execPath, [tsc, '-p', '.'], { cwd: directory });
    const { stdout } = await checking.catch((error: { stdout: string }) => error);
    // What the library itself has to be blamed for, its own check tells.
    expect(stdout.split('\n').filter((line) => files.some(({ file }) => line.startsWith(file)))).toEqual([]);
  });

  it('of docs/processing.md take a batch twice, and the idempotent one stores it once', async () => {
    const modules = processing.map(({ file }) => join(directory, file));
    const env = { ...process.env, TMPDIR: directory };
    const { stdout } = await run(process.execPath, [DELIVER, directory, ...modules], { env });
    const { requests, stored, events } = JSON.parse(stdout);
    expect({ requests, stored }).toEqual({ requests: 10, stored: 2 });
    expect(events).toContainEqual({ event: 'requests.counted', failed: 1 });
    expect(events).toContainEqual({ event: 'request.failed' });
    expect(events).toContainEqual({ event: 'records.taken', taken: 1 });
    expect(events).toContainEqual({ event: 'shard.counted', records: 4 });
  });

  it('of docs/processing.md that are functions start, and the cases of a source pass', async () => {
    const least = { SHARDBEAT_GROUP: 'g', SHARDBEAT_TABLE: 't', SHARDBEAT_INTERVAL: '1m' };
    const sls = {
      SHARDBEAT_SOURCE: 'sls',
      SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
      SHARDBEAT_SLS_PROJECT: 'shop',
      SHARDBEAT_SLS_LOGSTORE: 'orders',
      SHARDBEAT_SLS_SECRET: 'shop/sls',
    };
    const functions = files.filter(({ code }) => /export const handler\b/.test(code));
    expect(functions).toHaveLength(2);
    for (const { file, code } of functions) {
      const env = { ...process.env, ...least, ...(code.includes('source }') ? {} : sls) };
      const { stdout } = await run(process.execPath, [join(directory, file)], { env });
      expect(stdout, file).toBe('');
    }
  });

  it('of docs/local.md run', async () => {
    const outputOf = async (file: string) => (await run(process.execPath, [join(directory, file)])).stdout;
    expect(await outputOf('local0.ts')).toMatch(/^4 \{/);
    expect(await outputOf('local1.ts')).toMatch(/^4 \{[^}]*:1': '9007199254740993'/);
  });

  it('of docs/cls.md, the counterpart of the SDK’s demo, runs on a local CLS', async () => {
    const input = join(directory, 'lines');
    await writeFile(input, Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join(''));
    const options = ['--source', 'cls', '--input', input, '--module', join(directory, 'cls0.ts')];
    const { stdout, stderr } = await run(
      process.execPath,
      [join(ROOT, 'cli/shardbeat.ts'), 'local', ...options, '--interval', '500ms', '--once', '--json'],
      { env: { ...process.env, TMPDIR: directory } },
    );
    const summary = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(summary).toMatchObject({ produced: 40, processed: 40, lost: 0, duplicates: 0 });
    // Every record was saved, with its time and source.
    const saved = matches(stderr, /(\{"time":".*?"contents":\{.*?\}\})/g).map((line) => JSON.parse(line));
    expect(saved).toHaveLength(40);
    expect(saved[0]).toMatchObject({
      time: expect.stringMatching(/Z$/),
      source: expect.any(String),
      contents: { content: expect.stringMatching(/^line \d+$/) },
    });
  });
});
