import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { openStore, type Store } from '../../../../local/service/storage/store.ts';
import { newDirectory } from '../support.ts';

const FORMAT = { format: 'test', version: 1, service: 'a test' };
const LOG = { stream: 's', shard: 1 };
const FIRST = 2n ** 62n;

const open = (directory: string): Store => openStore(directory, FORMAT, (store) => store);
const text = { parse: (value: string) => value, nameOf: (value: string) => value };
const put = (store: Store, name: string): void => store.documents.put({ kind: 'k', parent: '', name }, name);
const namesIn = (store: Store): string[] => store.documents.all('k', text).map(({ document }) => document);

test('what follows a change of memory is owed while it fails, and made, in order, before what comes next', () => {
  const directory = newDirectory();
  const store = open(directory);
  let isFull = true;
  const made: string[] = [];
  const follow = (name: string, step: string): void =>
    store.follow(name, () => {
      if (isFull) throw new Error('full');
      made.push(step);
      put(store, step);
    });
  expect(() => follow('a', 'a1')).toThrow('full');
  expect(() => follow('b', 'b1')).toThrow('full');
  // In the place of what is owed under its name, and after what came meanwhile.
  expect(() => follow('a', 'a2')).toThrow('full');
  // Nothing may come before it.
  expect(() => store.change(() => put(store, 'other'))).toThrow('full');
  expect(namesIn(store)).toEqual([]);
  isFull = false;
  store.change(() => put(store, 'more'));
  expect(made).toEqual(['b1', 'a2']);
  store.change(() => put(store, 'last'));
  expect(made).toHaveLength(2);
  store.close();
  const again = open(directory);
  expect(namesIn(again)).toEqual(['a2', 'b1', 'last', 'more']);
  again.close();
});

test('a change that fails is forgotten, and what was owed stays owed', () => {
  const store = open(newDirectory());
  expect(() =>
    store.follow('a', () => {
      if (namesIn(store).length === 0) throw new Error('not yet');
      put(store, 'owed');
    }),
  ).toThrow('not yet');
  const change = (): void =>
    store.change(() => {
      put(store, 'no');
    });
  expect(change).toThrow('not yet');
  expect(namesIn(store)).toEqual([]);
  store.close();
});

test('groups come back byte by byte at positions of 64 bits, and a failed one takes none', () => {
  const directory = newDirectory();
  const store = open(directory);
  const groups = ['a', 'b'.repeat(100_000), ''].map((value) => Buffer.from(value));
  const stored = groups.map((bytes, index) =>
    store.change(() => store.records.append(LOG, FIRST + BigInt(index), bytes, 7 + index)),
  );
  expect(() =>
    store.change(() => {
      store.records.append(LOG, FIRST + 3n, Buffer.from('lost'), 9);
      throw new Error('no');
    }),
  ).toThrow('no');
  const shown = (found: typeof stored) =>
    found.map((group) => [group.receivedAtSec, group.byteLength, Buffer.from(group.read()).toString()]);
  const expected = groups.map((bytes, index) => [7 + index, bytes.byteLength, bytes.toString()]);
  expect(shown(stored)).toEqual(expected);
  expect(shown(store.records.of(LOG, FIRST))).toEqual(expected);
  store.close();
  const again = open(directory);
  expect(shown(again.records.of(LOG, FIRST))).toEqual(expected);
  expect(again.records.logs()).toEqual([LOG]);
  expect(() => again.records.of(LOG, FIRST + 1n)).toThrow(`the group at position ${FIRST + 1n} of shard 1`);

  again.change(() => again.records.deleteBefore(LOG, FIRST + 2n));
  expect(shown(again.records.of(LOG, FIRST + 2n))).toEqual(expected.slice(2));
  again.change(() => again.records.deleteLog(LOG));
  expect(again.records.logs()).toEqual([]);
  again.close();
});
