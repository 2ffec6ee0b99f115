import { Buffer } from 'node:buffer';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLogFiles } from '../../../../local/service/storage/logFiles.ts';
import { createOpenFiles, type OpenFiles } from '../../../../local/service/storage/openFiles.ts';
import { encodeRecord, segmentFormat } from '../../../../local/service/storage/segment.ts';
import { newDirectory } from '../support.ts';

const FORMAT = segmentFormat('TSTLOG', 1, 1000);
const { head: HEAD } = FORMAT;

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
  openLogFiles(directory, 1000n, { files, format: FORMAT });
const textsIn = (directory: string): string[] => {
  const files = createOpenFiles();
  onTestFinished(files.close);
  return open(directory, files).groups.map((group) => Buffer.from(group.read()).toString());
};

test('what a full disk cut short is overwritten by what comes when there is room again', () => {
  const directory = newDirectory();
  const disk = filesOnFullDisk();
  const { logFiles } = open(directory, disk);
  logFiles.append(Buffer.from('first'), 1);
  disk.room = 50;
  expect(() => logFiles.append(Buffer.alloc(200, 'x'), 2)).toThrow('ENOSPC');
  const path = join(directory, '1000.log');
  expect(statSync(path).size).toBe(8 + 21 + 50);

  disk.room = Number.POSITIVE_INFINITY;
  const stored = logFiles.append(Buffer.from('second'), 3);
  expect(Buffer.from(stored.read()).toString()).toBe('second');
  expect(textsIn(directory)).toEqual(['first', 'second']);
  expect(statSync(path).size).toBe(8 + 21 + 22);
});

test('a file whose very beginning did not fit is begun again', () => {
  const directory = newDirectory();
  const disk = filesOnFullDisk();
  const { logFiles } = open(directory, disk);
  disk.room = 3;
  expect(() => logFiles.append(Buffer.from('first'), 1)).toThrow('ENOSPC');
  disk.room = Number.POSITIVE_INFINITY;
  logFiles.append(Buffer.from('first'), 1);
  expect(textsIn(directory)).toEqual(['first']);
});

test('files that do not follow one another are refused, and none of them is changed', () => {
  const record = encodeRecord(Buffer.from('group'), 1);
  const whole = Buffer.concat([HEAD, record, record]);
  const cut = whole.subarray(0, whole.byteLength - 1);
  const cases: [files: Record<string, Uint8Array>, message: string][] = [
    [{ '1000.log': cut, '1001.log': whole }, 'cut short at byte 29'],
    [{ '1000.log': whole, '1003.log': whole }, 'groups before it are missing'],
    [{ '998.log': HEAD }, 'groups at its end are missing'],
  ];
  for (const [content, message] of cases) {
    const directory = newDirectory();
    mkdirSync(directory);
    for (const [name, bytes] of Object.entries(content)) writeFileSync(join(directory, name), bytes);
    expect(() => textsIn(directory)).toThrow(message);
    for (const [name, bytes] of Object.entries(content)) {
      expect(readFileSync(join(directory, name)).equals(bytes)).toBe(true);
    }
  }
});

test('more files than may be open at once are all read and written', () => {
  const files = createOpenFiles();
  onTestFinished(files.close);
  const parent = newDirectory();
  const names = Array.from({ length: 200 }, (_, index) => `${parent}-${index}`);
  const openBefore = readdirSync('/dev/fd').length;
  for (const name of names) files.write(name, 0, Buffer.from(name));
  expect(readdirSync('/dev/fd').length - openBefore).toBeLessThan(70);
  for (const name of names) {
    expect(Buffer.from(files.read(name, 0, name.length)).toString()).toBe(name);
  }
  expect(() => files.read(names[0]!, 0, 1000)).toThrow('ends before byte 1000');
});
