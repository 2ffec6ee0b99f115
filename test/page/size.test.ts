import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPage } from '../../buildPage.ts';

/** All that a browser loads. */
const PARTS = ['icon.svg', 'index.html', 'main.css', 'main.js'];
const BYTES_MAX = 100_000;

describe('the page as it is built', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-'));
    await buildPage(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));
  const textOf = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');

  it('is four files, and the licenses of what is in them', async () => {
    expect((await readdir(folder)).sort()).toEqual([...PARTS.slice(0, 2), 'licenses.txt', ...PARTS.slice(2)]);
    expect(await textOf('licenses.txt')).toMatch(
      /preact:.*Permission is hereby granted.*uplot:.*Permission/s,
    );
  });

  it('is small, compressed', async () => {
    const sizes = await Promise.all(PARTS.map(async (file) => gzipSync(await textOf(file)).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(BYTES_MAX);
  });

  it('loads nothing from elsewhere, and runs nothing that stands in its HTML', async () => {
    const html = await textOf('index.html');
    expect([...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address).sort()).toEqual([
      'icon.svg',
      'main.css',
      'main.js',
    ]);
    expect(html).not.toMatch(/style=|<style|\son\w+=|<script(?! type="module" src)/);
    expect(await textOf('main.css')).not.toMatch(/url\(|@import/);
  });
});
