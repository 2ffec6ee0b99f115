import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SettingsError } from '../../../../lib/errors.ts';
import { newDirectory } from '../support.ts';
import { STORES } from './stores.ts';

const OURS = ['data.sqlite', 'data.sqlite-journal', 'format.json', 'lock.holder'];

/** All files below a directory with what is in them, and empty directories; but for who used it last. */
function treeOf(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    const isDirectory = statSync(path).isDirectory();
    if (name === 'lock.holder') continue;
    if (!isDirectory) tree[name] = readFileSync(path, 'latin1');
    else if (readdirSync(path).length === 0) tree[`${name}/`] = '';
  }
  return tree;
}

function put(path: string, text = 'precious'): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Changes the database of a directory as somebody with SQLite would. */
function change(directory: string, sql: string, ...values: (string | number)[]): number {
  const database = new DatabaseSync(join(directory, 'data.sqlite'));
  try {
    return Number(database.prepare(sql).run(...values).changes);
  } finally {
    database.close();
  }
}

describe.each(STORES)('a directory of a local $name', (store) => {
  const other = STORES.find(({ name }) => name !== store.name)!;
  const [outer, inner] = store.kinds;
  const filled = (): string => {
    const directory = newDirectory();
    store.fill(directory);
    return directory;
  };
  /** Refused for what the message says, and left as it was. */
  const expectRefused = (directory: string, message: string | RegExp): void => {
    const before = treeOf(directory);
    expect(() => store.read(directory)).toThrow(SettingsError);
    expect(() => store.read(directory)).toThrow(message);
    expect(treeOf(directory)).toEqual(before);
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

  test.each(['my-thesis/thesis.tex', 'empty/.keep', 'data.sqlite', 'lock', 'notes.txt', 'format.json.tmp'])(
    'is none without the mark: %s',
    (file) => {
      const directory = newDirectory();
      put(join(directory, file));
      expectRefused(
        directory,
        `it holds something else (${file.split('/')[0]}) and no format.json; choose one`,
      );
    },
  );

  test('is none of the other service, of another version, or with a mark that says nothing', () => {
    const foreign = newDirectory();
    other.fill(foreign);
    expectRefused(
      foreign,
      `is not that of a local ${store.name.toUpperCase()} service; choose another directory`,
    );
    for (const [text, message] of [
      [
        `{"format":"shardbeat-local-${store.name}","version":2}`,
        'it is of format 2, of another version of this program, which keeps format 3; choose another',
      ],
      ['', 'format.json in it is not that'],
      ['[]', 'format.json in it is not that'],
    ] as const) {
      const directory = newDirectory();
      put(join(directory, 'format.json'), text);
      put(join(directory, 'projects', 'x', 'y'));
      expectRefused(directory, message);
      expect(existsSync(join(directory, 'data.sqlite'))).toBe(false);
    }
  });

  test('keeps what it does not know, and writes four files', () => {
    const directory = filled();
    expect(readdirSync(directory).sort()).toEqual(OURS);
    const kept = ['notes.txt', 'projects/photos.zip', 'data.sqlite.bak', 'lock'].map((name) =>
      join(directory, name),
    );
    const before = store.read(directory);
    for (const path of kept) put(path);
    expect(store.read(directory)).toBe(before);
    store.removeAll(directory);
    expect(store.read(directory)).toBe('[]');
    for (const path of kept) expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('whose first start was cut short is an empty one', () => {
    const directory = filled();
    writeFileSync(join(directory, 'data.sqlite'), '');
    rmSync(join(directory, 'data.sqlite-journal'));
    expect(store.read(directory)).toBe('[]');
  });

  test('with something else for its database is refused', () => {
    const directory = filled();
    const path = join(directory, 'data.sqlite');
    writeFileSync(path, 'not a database, and not empty either'.repeat(100));
    expectRefused(directory, `data: "${path}" cannot be used: it is damaged (file is not a database)`);
    rmSync(path);
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE recipe (name TEXT)');
    database.close();
    expectRefused(directory, 'its tables are not those of this version');
    rmSync(path);
    mkdirSync(path);
    expect(() => store.read(directory)).toThrow(SettingsError);
    expect(readdirSync(path)).toEqual([]);
  });

  test('with a document that was changed, or names something else, is refused', () => {
    const directory = filled();
    const before = store.read(directory);
    const [{ name, parent, value }] = documentsOf(directory, inner) as [Document];
    change(directory, `UPDATE document SET name = 'elsewhere' WHERE kind = ?`, inner);
    expectRefused(directory, `the ${inner} elsewhere is damaged. Restore it`);
    write(directory, { kind: inner, parent, name: 'elsewhere', value });
    expectRefused(directory, `the ${inner} elsewhere of ${parent} has another name in it`);
    change(directory, 'DELETE FROM document WHERE kind = ?', inner);
    write(directory, { kind: inner, parent, name, value: value.replace('readwrite', 'rewritten') });
    expectRefused(directory, `the ${inner} ${name} of ${parent} cannot be understood`);
    write(directory, { kind: inner, parent, name, value });
    expect(store.read(directory)).toBe(before);
  });

  test('in which something is missing that something else is in is refused', () => {
    for (const [sql, message] of [
      [`DELETE FROM document WHERE kind = '${outer}'`, `${outer} ${store.name === 'sls' ? 'shop' : ''}`],
      [`DELETE FROM document WHERE kind = '${inner}'`, store.stream],
      [`UPDATE record SET shard = 99, crc32 = 0 WHERE shard = ${store.shards[1]}`, ' 99 of '],
    ] as const) {
      const directory = filled();
      expect(change(directory, sql)).toBeGreaterThan(0);
      expectRefused(directory, 'is missing, and something of it is there');
      expectRefused(directory, message);
    }
  });

  test('in which a group was changed is refused, and says how to go on without it', () => {
    const directory = filled();
    const path = join(directory, 'data.sqlite');
    const where = `stream = '${store.stream}' AND shard = ${store.shards[0]} AND position >=`;
    for (const column of ['receivedAtSec', 'crc32']) {
      expect(change(directory, `UPDATE record SET ${column} = ${column} + 1 WHERE id = 2`)).toBe(1);
      expectRefused(
        directory,
        new RegExp(`of ${store.stream} is damaged\\. To go on without it and what foll`),
      );
      change(directory, `UPDATE record SET ${column} = ${column} - 1 WHERE id = 2`);
    }
    change(directory, `UPDATE record SET bytes = CAST('x' AS BLOB) WHERE id = 2`);
    let remedy = '';
    try {
      store.read(directory);
    } catch (error) {
      remedy = /sqlite3 '(?<file>.*)' "(?<sql>[^"]*)"/.exec((error as Error).message)![0];
    }
    expect(remedy).toContain(`sqlite3 '${path}' "DELETE FROM record WHERE ${where}`);
    expect(change(directory, /"(.*)"/.exec(remedy)![1]!)).toBe(1);
    expect(store.read(directory).split('"6161')).toHaveLength(3);
    expect(store.read(directory).split('"6262')).toHaveLength(2);
  });

  test('in which a group is missing is refused, wherever it stood, but for the last one', () => {
    const directory = filled();
    change(directory, 'DELETE FROM record WHERE id = 1');
    expectRefused(directory, / the group at position \d+ of shard \d of .* is missing/);
  });

  test('does not change unnoticed by a single bit in any file', () => {
    const directory = filled();
    const before = store.read(directory);
    const files = Object.keys(treeOf(directory)).map((name) => join(directory, name));
    expect(files).toHaveLength(3);
    let refused = 0;
    const flip = (path: string, bit: number): void => {
      const bytes = readFileSync(path);
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, changed);
      try {
        expect(store.read(directory)).toBe(before);
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        refused += 1;
        expect(error.message).toContain(path.endsWith('format.json') ? directory : path);
        expect(error.message).toMatch(/or start with another directory|choose another directory/);
        expect(readFileSync(path).equals(changed)).toBe(true);
      }
      writeFileSync(path, bytes);
    };
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), (path, where) => {
        flip(path, where % (readFileSync(path).byteLength * 8));
      }),
      { numRuns: 100 },
    );
    // Most of a small database is empty: bits that mean something are looked for.
    const path = join(directory, 'data.sqlite');
    const used = [...readFileSync(path).entries()].flatMap(([at, byte]) => (byte === 0 ? [] : [at]));
    refused = 0;
    fc.assert(
      fc.property(fc.nat(used.length - 1), fc.nat(7), (which, bit) => flip(path, used[which]! * 8 + bit)),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(200);
  });

  test('whose database is cut short is refused, wherever it was cut', () => {
    const directory = filled();
    const path = join(directory, 'data.sqlite');
    const bytes = readFileSync(path);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.byteLength - 1 }), (length) => {
        truncateSync(path, length);
        expect(() => store.read(directory)).toThrow(SettingsError);
        expect(readFileSync(path).byteLength).toBe(length);
        writeFileSync(path, bytes);
      }),
      { numRuns: 50 },
    );
  });
});

interface Document {
  kind: string;
  parent: string;
  name: string;
  value: string;
}

function documentsOf(directory: string, kind: string): Document[] {
  const database = new DatabaseSync(join(directory, 'data.sqlite'), { readOnly: true });
  try {
    return database.prepare('SELECT * FROM document WHERE kind = ?').all(kind) as unknown as Document[];
  } finally {
    database.close();
  }
}

/** A document with the checksum that belongs to it, in place of all others of its kind. */
function write(directory: string, { kind, parent, name, value }: Document): void {
  change(directory, 'DELETE FROM document WHERE kind = ?', kind);
  const checksum = crc32(JSON.stringify([kind, parent, name, value]));
  change(directory, 'INSERT INTO document VALUES (?, ?, ?, ?, ?)', kind, parent, name, value, checksum);
}
