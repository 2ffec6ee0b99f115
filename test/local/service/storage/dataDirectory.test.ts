import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SettingsError } from '../../../../lib/errors.ts';
import { newDirectory } from '../support.ts';
import { STORES } from './stores.ts';

/** All files below a directory with what is in them, and empty directories. */
function treeOf(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    const isDirectory = statSync(path).isDirectory();
    if (!isDirectory) tree[name] = readFileSync(path, 'latin1');
    else if (readdirSync(path).length === 0) tree[`${name}/`] = '';
  }
  return tree;
}

function put(path: string, text = 'precious'): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A document as it is written, with the checksum that belongs to it. */
function rewrite(path: string, change: (text: string) => string): void {
  const value = change(/"value":(.*)\}\n$/s.exec(readFileSync(path, 'utf8'))![1]!);
  const checksum = crc32(value).toString(16).padStart(8, '0');
  writeFileSync(path, `{"crc32":"${checksum}","value":${value}}\n`);
}

describe.each(STORES)('a directory of a local $name', (store) => {
  const other = STORES.find(({ name }) => name !== store.name)!;
  const filled = (): string => {
    const directory = newDirectory();
    store.fill(directory);
    return directory;
  };
  const innerOf = (directory: string): string => join(directory, store.root, store.outer, store.inner);
  /** Refused for what the message says, and left as it was. */
  const expectRefused = (directory: string, message: string | RegExp): void => {
    const before = treeOf(directory);
    expect(() => store.read(directory)).toThrow(SettingsError);
    expect(() => store.read(directory)).toThrow(message);
    const { lock: _, 'lock.holder': __, ...after } = treeOf(directory);
    const { lock: ___, 'lock.holder': ____, ...kept } = before;
    expect(after).toEqual(kept);
  };

  test('is one that is not there yet, is empty, or has its mark', () => {
    const directory = newDirectory();
    mkdirSync(directory);
    writeFileSync(join(directory, 'format.json.123.tmp'), '{"form');
    expect(store.read(directory)).toBe('[]');
    expect(JSON.parse(readFileSync(join(directory, 'format.json'), 'utf8'))).toMatchObject({
      format: `shardbeat-local-${store.name}`,
    });
    expect(store.read(directory)).toBe('[]');
  });

  test.each([
    `${store.root}/my-thesis/thesis.tex`,
    `${store.root}/empty/.keep`,
    'lock.1',
    'lock',
    'notes.txt',
    'format.json.tmp',
  ])('is none without the mark: %s', (file) => {
    const directory = newDirectory();
    put(join(directory, file));
    expectRefused(
      directory,
      `it holds something else (${file.split('/')[0]}) and no format.json; choose one`,
    );
  });

  test('is none with only a directory of the right name', () => {
    const directory = newDirectory();
    mkdirSync(join(directory, store.root), { recursive: true });
    expectRefused(directory, `it holds something else (${store.root})`);
  });

  test('is none of the other service, of another version, or with a mark that says nothing', () => {
    const foreign = newDirectory();
    other.fill(foreign);
    expectRefused(
      foreign,
      `is not that of a local ${store.name.toUpperCase()} service; choose another directory`,
    );
    for (const [text, message] of [
      [
        `{"format":"shardbeat-local-${store.name}","version":1}`,
        'it is of format 1, this is 2; choose another',
      ],
      ['', 'format.json in it is not that'],
      ['[]', 'format.json in it is not that'],
    ] as const) {
      const directory = newDirectory();
      put(join(directory, 'format.json'), text);
      put(join(directory, store.root, 'x', 'y'));
      expectRefused(directory, message);
    }
  });

  test('keeps what it does not know, or is refused by its name', () => {
    const directory = filled();
    const inner = innerOf(directory);
    const kept = [
      join(directory, 'notes.txt'),
      join(directory, store.root, 'notes.txt'),
      join(inner, 'photos.zip'),
      join(inner, store.shard, 'readme'),
      join(inner, `${store.shard}-old`, 'readme'),
    ];
    const before = store.read(directory);
    for (const path of kept) put(path);
    expect(store.read(directory)).toBe(before);
    for (const path of kept) expect(readFileSync(path, 'utf8')).toBe('precious');

    // A directory in which a document is due is one that lost its own, or is not from here.
    for (const stray of [join(directory, store.root, 'my-thesis'), join(dirname(inner), 'photos')]) {
      put(join(stray, 'thesis.tex'));
      expectRefused(directory, `"${stray}" cannot be used: it holds thesis.tex, and no`);
      rmSync(stray, { recursive: true });
      mkdirSync(stray);
      expect(store.read(directory)).toBe(before);
      expect(existsSync(stray)).toBe(true);
    }

    store.removeAll(directory);
    const left = Object.entries(treeOf(join(directory, store.root))).filter(([, text]) => text !== '');
    expect(left.map(([name]) => name.split('/').at(-1)).sort()).toEqual(
      ['notes.txt', 'photos.zip', 'readme', 'readme'].sort(),
    );
    expect(store.read(directory)).toBe('[]');
    expect(readFileSync(join(directory, 'notes.txt'), 'utf8')).toBe('precious');
  });

  test('with a document that names something else is refused, and does no harm elsewhere', () => {
    const directory = filled();
    const victim = join(directory, '..', 'victim', 'cat.jpg');
    put(victim);
    const inner = innerOf(directory);
    const path = join(inner, store.document);
    const text = readFileSync(path, 'utf8');
    const own = `${store.name === 'sls' ? '"name"' : '"id"'}:"${store.inner}"`;
    for (const name of ['../../../victim', '..', '.', '', 'a/b', 'a\\\\b', 'others', `${store.inner} `]) {
      writeFileSync(path, text);
      rewrite(path, (value) => {
        expect(value).toContain(own);
        return value.replace(own, own.replace(store.inner, name));
      });
      expectRefused(directory, `"${path}" cannot be used: it is not that of ${store.inner}`);
      expect(() => store.removeAll(directory)).toThrow(SettingsError);
    }
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    writeFileSync(path, text);
    renameSync(inner, `${inner}-2`);
    expectRefused(directory, 'it is not that of');
  });

  test('with a group under the name of another is refused', () => {
    const directory = filled();
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    const path = join(directory, files.find((name) => /group-.*\.json$/.test(name))!);
    rewrite(path, (value) => value.replace('"name":"g"', '"name":"h"'));
    expectRefused(directory, `"${path}" cannot be used: the name in it is another one`);
  });

  test('finishes a deletion that was interrupted, and one of a shard', () => {
    const directory = filled();
    const inner = innerOf(directory);
    const deleted = `${inner}.deleted-0`;
    mkdirSync(deleted);
    put(join(deleted, store.shard, '7.log'), 'old');
    const before = store.read(directory);
    expect(existsSync(deleted)).toBe(false);

    mkdirSync(join(inner, store.shard.replace(/\d/, '0')), { recursive: true });
    expect(store.read(directory)).toBe(before);
    expect(readdirSync(inner)).toHaveLength(store.name === 'sls' ? 4 : 3);
    put(join(inner, store.shard.replace(/\d/, '99'), '7.log'), 'newer than the document');
    expectRefused(directory, '99" cannot be used: no document knows of it');
  });

  test('does not change unnoticed by a single bit in any file', () => {
    const directory = filled();
    const before = store.read(directory);
    const files = Object.keys(treeOf(directory))
      .map((name) => join(directory, name))
      .filter((path) => statSync(path).size > 0);
    expect(files.filter((path) => path.endsWith('.log'))).toHaveLength(2);
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), (path, where) => {
        const bytes = readFileSync(path);
        const bit = where % (bytes.byteLength * 8);
        const changed = Uint8Array.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(path, changed);
        try {
          expect(store.read(directory)).toBe(before);
        } catch (error) {
          if (!(error instanceof SettingsError)) throw error;
          expect(error.message).toContain(path.endsWith('format.json') ? directory : path);
          expect(readFileSync(path).equals(changed)).toBe(true);
        }
        writeFileSync(path, bytes);
      }),
      { numRuns: 300 },
    );
  });

  test('loses no more than the last record of a shard when the end of its file is lost', () => {
    const directory = filled();
    const before = store.read(directory);
    const shard = join(innerOf(directory), store.shard);
    const path = join(shard, readdirSync(shard)[0]!);
    const bytes = readFileSync(path);
    for (let lost = 1; lost < 16 + 20; lost += 1) {
      truncateSync(path, bytes.byteLength - lost);
      const found = store.read(directory);
      expect(found.split('"6262').length).toBe(before.split('"6262').length - 1);
      expect(found.split('"6161').length).toBe(before.split('"6161').length);
      writeFileSync(path, bytes);
    }
    expect(store.read(directory)).toBe(before);
  });
});
