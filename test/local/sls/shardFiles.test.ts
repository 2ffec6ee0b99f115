import { Buffer } from 'node:buffer';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createOpenFiles, type OpenFiles } from '../../../local/sls/storage/openFiles.ts';
import { openShardFiles } from '../../../local/sls/storage/shardFiles.ts';
import { newDirectory } from './support.ts';

/** Files on a disk that is full after so many more bytes. */
function filesOnFullDisk(): OpenFiles & { room: number } {
  const files = createOpenFiles();
  onTestFinished(files.close);
  const disk = {
    ...files,
    room: Number.POSITIVE_INFINITY,
    write: (path: string, offset: number, bytes: Uint8Array) => {
      const fitting = bytes.subarray(0, Math.min(bytes.byteLength, disk.room));
      files.write(path, offset, fitting);
      disk.room -= fitting.byteLength;
      if (fitting.byteLength < bytes.byteLength) throw new Error('ENOSPC');
    },
  };
  return disk;
}

const open = (directory: string, files: OpenFiles) =>
  openShardFiles(directory, { firstPosition: 1000n }, files);
const textsIn = (directory: string): string[] => {
  const files = createOpenFiles();
  onTestFinished(files.close);
  return open(directory, files).groups.map((group) => Buffer.from(group.read()).toString());
};

test('what a full disk cut short is overwritten by what comes when there is room again', () => {
  const directory = newDirectory();
  const disk = filesOnFullDisk();
  const { shardFiles } = open(directory, disk);
  shardFiles.append(Buffer.from('first'), 1);
  disk.room = 50;
  expect(() => shardFiles.append(Buffer.alloc(200, 'x'), 2)).toThrow('ENOSPC');
  const path = join(directory, '1000.log');
  expect(statSync(path).size).toBe(8 + 17 + 50);

  disk.room = Number.POSITIVE_INFINITY;
  const stored = shardFiles.append(Buffer.from('second'), 3);
  expect(Buffer.from(stored.read()).toString()).toBe('second');
  expect(textsIn(directory)).toEqual(['first', 'second']);
  expect(statSync(path).size).toBe(8 + 17 + 18);
});

test('a file whose very beginning did not fit is begun again', () => {
  const directory = newDirectory();
  const disk = filesOnFullDisk();
  const { shardFiles } = open(directory, disk);
  disk.room = 3;
  expect(() => shardFiles.append(Buffer.from('first'), 1)).toThrow('ENOSPC');
  disk.room = Number.POSITIVE_INFINITY;
  shardFiles.append(Buffer.from('first'), 1);
  expect(textsIn(directory)).toEqual(['first']);
});

test('more files than may be open at once are all read and written', () => {
  const files = createOpenFiles();
  onTestFinished(files.close);
  const parent = newDirectory();
  const names = Array.from({ length: 200 }, (_, index) => `${parent}-${index}`);
  onTestFinished(() => {
    for (const name of names) files.forget(name);
  });
  for (const name of names) files.write(name, 0, Buffer.from(name));
  for (const name of names) {
    expect(Buffer.from(files.read(name, 0, name.length)).toString()).toBe(name);
  }
  expect(() => files.read(names[0]!, 0, 1000)).toThrow('ends before byte 1000');
});
