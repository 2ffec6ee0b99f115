import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/** So many files stay open; what was not used for longest is closed for another. */
const OPEN_MAX = 64;

/** Files that are read and written at places of their own, opened when needed. Everything is done when a call returns. */
export interface OpenFiles {
  /** Reads exactly so many bytes, or throws. */
  read(path: string, offset: number, byteLength: number): Uint8Array;
  /** Writes all of the bytes, or throws; then part of them may be there. Makes the file if there is none. */
  write(path: string, offset: number, bytes: Uint8Array): void;
  truncate(path: string, byteLength: number): void;
  /** Closes a file, as before it is deleted. */
  forget(path: string): void;
  close(): void;
}

export function createOpenFiles(): OpenFiles {
  /** In order of their last use. */
  const open = new Map<string, number>();

  const forget = (path: string): void => {
    const file = open.get(path);
    if (file === undefined) return;
    open.delete(path);
    closeSync(file);
  };
  const fileOf = (path: string): number => {
    const file = open.get(path) ?? openForBoth(path);
    open.delete(path);
    open.set(path, file);
    const [oldest] = open.keys();
    if (open.size > OPEN_MAX) forget(oldest!);
    return file;
  };

  return {
    read: (path, offset, byteLength) => {
      const bytes = new Uint8Array(byteLength);
      const file = fileOf(path);
      for (let done = 0; done < byteLength; ) {
        const count = readSync(file, bytes, done, byteLength - done, offset + done);
        if (count === 0) throw new Error(`${path} ends before byte ${offset + byteLength}`);
        done += count;
      }
      return bytes;
    },
    write: (path, offset, bytes) => {
      const file = fileOf(path);
      for (let done = 0; done < bytes.byteLength; ) {
        done += writeSync(file, bytes, done, bytes.byteLength - done, offset + done);
      }
    },
    truncate: (path, byteLength) => ftruncateSync(fileOf(path), byteLength),
    forget,
    close: () => {
      for (const path of [...open.keys()]) forget(path);
    },
  };
}

function openForBoth(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return openSync(path, 'wx+');
  }
}
