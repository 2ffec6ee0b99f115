import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { init } from '../../cli/commands/init.ts';
import { filesOf } from '../../cli/init/project.ts';
import { createWorld } from './world.ts';

describe('what shardbeat init cannot use', () => {
  it.each([
    [[], 'DIR: missing; write shardbeat init DIR: the folder'],
    [['--source', 'cls'], 'write shardbeat init DIR'],
    [['orders', 'payments'], 'option: "payments" cannot be used: write shardbeat init DIR'],
    [['orders', '--source', 'kafka'], '--source: "kafka" cannot be used: choose sls or cls'],
    [['1st'], 'a letter first'],
    [['a.b'], 'letters, digits and hyphens'],
    [[`a${'b'.repeat(40)}`], 'up to 40'],
  ])('%j is refused: %s', async (args, remedy) => {
    await expect(init.run(args, createWorld())).rejects.toThrow(remedy);
  });
});

describe('shardbeat init', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'init-test-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('writes the files of a project into a new folder, each with its text', async () => {
    const world = createWorld();
    expect(await init.run([join(directory, 'Orders'), '--source', 'cls'], world)).toBe(0);
    expect(world.written()).toContain('npm install && npm start');
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    const files = filesOf({ name: 'orders', source: 'cls', version });
    for (const [path, text] of Object.entries(files))
      expect(await readFile(join(directory, 'Orders', path), 'utf8')).toBe(text);
    expect(files['serverless.yml']).toContain('topics:');
  });

  it('writes nothing into a folder that is not empty, nor over a file', async () => {
    const used = join(directory, 'used');
    await mkdir(used);
    await writeFile(join(used, 'notes'), 'mine');
    await expect(init.run([used], createWorld())).rejects.toThrow('the folder is not empty');
    await expect(init.run([join(used, 'notes')], createWorld())).rejects.toThrow('it is a file');
    expect(await readdir(used)).toEqual(['notes']);
  });
});
