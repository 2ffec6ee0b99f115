import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { init } from '../../cli/init/init.ts';
import { parseInitOptions } from '../../cli/init/options.ts';
import { filesOf } from '../../cli/init/project.ts';

describe('the options of shardbeat init', () => {
  it('are a folder, whose name is the project’s, and a source', () => {
    expect(parseInitOptions(['/work/Orders'])).toEqual({
      directory: '/work/Orders',
      name: 'orders',
      source: 'sls',
    });
    expect(parseInitOptions(['orders', '--source', 'cls'])).toMatchObject({ source: 'cls' });
    expect(parseInitOptions(['--help'])).toBe('help');
  });

  it.each([
    [[], 'name the folder first'],
    [['--source', 'cls'], 'name the folder first'],
    [['orders', 'payments'], 'name one folder'],
    [['orders', '--source', 'kafka'], 'the sources are: sls, cls'],
    [['1st'], 'a letter first'],
    [['a.b'], 'letters, digits and hyphens'],
    [[`a${'b'.repeat(40)}`], 'up to 40'],
  ])('%j are refused: %s', (args, remedy) => {
    expect(() => parseInitOptions(args)).toThrow(remedy);
  });
});

describe('shardbeat init', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'init-test-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('writes the files of a project into a new folder, each with its text', async () => {
    await init([join(directory, 'orders'), '--source', 'cls']);
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    const files = filesOf({ name: 'orders', source: 'cls', version });
    for (const [path, text] of Object.entries(files))
      expect(await readFile(join(directory, 'orders', path), 'utf8')).toBe(text);
    expect(files['serverless.yml']).toContain('topics:');
  });

  it('writes nothing into a folder that is not empty, nor over a file', async () => {
    const used = join(directory, 'used');
    await mkdir(used);
    await writeFile(join(used, 'notes'), 'mine');
    await expect(init([used])).rejects.toThrow('the folder is not empty');
    await expect(init([join(used, 'notes')])).rejects.toThrow('it is a file');
    expect(await readdir(used)).toEqual(['notes']);
  });
});
