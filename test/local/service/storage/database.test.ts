import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { SettingsError } from '../../../../lib/errors.ts';
import { openDatabase } from '../../../../local/service/storage/database.ts';
import { newDirectory } from '../support.ts';

const MODULE = join(import.meta.dirname, '../../../../local/service/storage/database.ts');
const ADD = `INSERT INTO document VALUES ('k', '', ?, '', 0)`;

function newPath(): string {
  const directory = newDirectory();
  mkdirSync(directory);
  return join(directory, 'data.sqlite');
}

function namesIn(path: string): unknown[] {
  const database = openDatabase(path);
  const rows = database.prepare('SELECT name FROM document').all();
  database.close();
  return rows.map(({ name }) => name);
}

/** Opens the database in a process of its own, which then does something with it. */
function inChild(path: string, then: string) {
  const script = `import { openDatabase } from ${JSON.stringify(MODULE)};
    const database = openDatabase(${JSON.stringify(path)});
    const add = database.prepare(${JSON.stringify(ADD)});
    ${then}`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
}

test('has one holder at a time; who closes it lets another one in', () => {
  const path = newPath();
  const first = openDatabase(path);
  expect(() => openDatabase(path)).toThrow(SettingsError);
  expect(() => openDatabase(path)).toThrow(
    `data: "${dirname(path)}" cannot be used: process ${process.pid} uses it. Stop that one`,
  );
  // Also once it was written to and read, and after others have tried.
  first.together(() => first.prepare(ADD).run('a'));
  expect(first.prepare('SELECT name FROM document').all()).toHaveLength(1);
  expect(inChild(path, '')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`process ${process.pid} uses it`),
  });
  first.close();
  first.close();
  expect(inChild(path, '')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(namesIn(path)).toEqual(['a']);
});

test.each(['1\n', '', 'nobody\n', '99999999999999\n'])('is held by whoever holds it, not by %j', (text) => {
  const path = newPath();
  writeFileSync(join(dirname(path), 'lock.holder'), text);
  const database = openDatabase(path);
  writeFileSync(join(dirname(path), 'lock.holder'), text);
  expect(() => openDatabase(path)).toThrow(/(another process|process 1) uses it/);
  database.close();
});

test('a process that is killed leaves what was committed, nothing of what was not, and no lock', () => {
  const path = newPath();
  const { signal } = inChild(
    path,
    `database.together(() => add.run('kept'));
    database.prepare('PRAGMA cache_size = 1').get();
    database.together(() => {
      for (let number = 0; number < 2000; number += 1) add.run('lost '.repeat(100) + number);
      process.kill(process.pid, 'SIGKILL');
    });`,
  );
  expect(signal).toBe('SIGKILL');
  // It had begun to write into the database.
  expect(readFileSync(path, 'latin1')).toContain('lost lost');
  expect(namesIn(path)).toEqual(['kept']);
  expect(readFileSync(path).byteLength).toBeLessThan(100_000);
});

test('does all of what belongs together, or none', () => {
  const path = newPath();
  const database = openDatabase(path);
  const add = database.prepare(ADD);
  expect(database.together(() => add.run('a').changes)).toBe(1);
  const mine = new Error('no');
  const fail = (): void => {
    add.run('b');
    throw mine;
  };
  expect(() => database.together(fail)).toThrow(mine);
  expect(() => database.together(() => [add.run('c'), add.run('a')])).toThrow(
    `${path} cannot be written: constraint failed`,
  );
  database.together(() => add.run('d'));
  database.close();
  expect(namesIn(path)).toEqual(['a', 'd']);
});

test('on a full disk says so, and goes on once there is room', () => {
  const path = newPath();
  const database = openDatabase(path);
  const add = database.prepare(ADD);
  database.together(() => add.run('a'));
  const pages = Number(database.prepare('PRAGMA page_count').get()!.page_count);
  // As if the disk ended here.
  database.prepare(`PRAGMA max_page_count = ${pages}`).get();
  expect(() => database.together(() => add.run('x'.repeat(50_000)))).toThrow(
    `${path} cannot be written: the disk is full`,
  );
  database.together(() => add.run('b'));
  database.prepare('PRAGMA max_page_count = 1000000').get();
  database.together(() => add.run('c'.repeat(50_000)));
  database.close();
  expect(namesIn(path)).toEqual(['a', 'b', 'c'.repeat(50_000)]);
});

test('whose header tells of fewer pages than there are is refused, and nothing of it is cut off', () => {
  const path = newPath();
  const database = openDatabase(path);
  database.together(() => database.prepare(ADD).run('x'.repeat(200_000)));
  database.close();
  const bytes = readFileSync(path);
  // Where SQLite keeps the number of pages.
  expect(bytes.readUInt32BE(28)).toBe(bytes.byteLength / 16_384);
  bytes.writeUInt32BE(4, 28);
  writeFileSync(path, bytes);
  expect(() => openDatabase(path)).toThrow('it is damaged');
  expect(readFileSync(path).equals(bytes)).toBe(true);
});
