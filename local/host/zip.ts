import { strict as assert } from 'node:assert';
import { crc32, inflateRawSync } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;
const DEFLATED = 8;

/** A file of an archive. */
export interface ZipEntry {
  contents: Buffer;
  /** As Unix has it, such as 0o644; 0 where it is not told. */
  mode: number;
}

/** Reads an archive by its central directory, as Lambda does: by path. No encryption, no zip64. */
export function readEntries(archive: Buffer): Map<string, ZipEntry> {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06'));
  assert(end >= 0 && end + END_BYTES <= archive.length && archive.readUInt32LE(end) === END_SIGNATURE);
  const files = new Map<string, ZipEntry>();
  let at = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count--) {
    assert.equal(archive.readUInt32LE(at), ENTRY_SIGNATURE);
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes);
    assert(!files.has(name), `${name} is in the archive twice`);
    const mode = (archive.readUInt32LE(at + 38) >>> 16) & 0o777;
    files.set(name, { contents: readEntry(archive, at, name), mode });
    at += ENTRY_BYTES + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}

/** The same without modes. */
export function readZip(archive: Buffer): Map<string, Buffer> {
  return new Map([...readEntries(archive)].map(([name, { contents }]) => [name, contents]));
}

function readEntry(archive: Buffer, at: number, name: string): Buffer {
  const local = archive.readUInt32LE(at + 42);
  const start =
    local + LOCAL_HEADER_BYTES + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const stored = archive.subarray(start, start + archive.readUInt32LE(at + 20));
  const contents = archive.readUInt16LE(at + 10) === DEFLATED ? inflateRawSync(stored) : stored;
  assert.equal(contents.length, archive.readUInt32LE(at + 24), `${name} is cut short`);
  assert.equal(crc32(contents), archive.readUInt32LE(at + 16), `${name} is damaged`);
  return contents;
}
