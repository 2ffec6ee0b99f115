import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  createLedgerParser,
  encodeFrame,
  type LedgerEntry,
  openLedger,
  tailLedger,
} from '../../../local/run/ledger.ts';

const directory = mkdtempSync(join(tmpdir(), 'ledger-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const entryOf = (batch: string, ...records: number[]): LedgerEntry => ({
  slot: 'consumer-0',
  shard: '3',
  batch,
  records: Uint32Array.from(records),
});
const first = entryOf('local/3/a-b', 1, 0xdeadbeef, 2, 0xffffffff);
const second = entryOf('local/3/b-c', 3, 7);

describe('the ledger', () => {
  it('gives back what was appended, and only what is new', async () => {
    const file = join(directory, 'plain');
    const tail = await tailLedger(file);
    const append = openLedger(file);
    append(first);
    expect(await tail.read()).toEqual([first]);
    append(second);
    append(entryOf('local/3/c-d'));
    expect(await tail.read()).toEqual([second, entryOf('local/3/c-d')]);
    expect(await tail.read()).toEqual([]);
    await tail.close();
  });

  it('reads entries larger than any of its reads', async () => {
    const file = join(directory, 'large');
    const tail = await tailLedger(file);
    const large = {
      ...entryOf('large'),
      records: Uint32Array.from({ length: 200_000 }, (_, index) => index),
    };
    openLedger(file)(large);
    expect((await tail.read())[0]!.records).toEqual(large.records);
    await tail.close();
  });

  it('passes over an entry that a killed process left torn, wherever it was torn, and reads the next one', () => {
    const frame = encodeFrame(first);
    for (let length = 0; length < frame.length - 1; length += 1) {
      const bytes = Buffer.concat([frame.subarray(0, length), encodeFrame(second)]);
      expect(createLedgerParser()(bytes)).toEqual([second]);
    }
  });

  it('reads the same entries however the bytes arrive', () => {
    const bytes = Buffer.concat([
      encodeFrame(first),
      encodeFrame(first).subarray(0, 30),
      encodeFrame(second),
    ]);
    for (const size of [1, 2, 7, 64, bytes.length]) {
      const parse = createLedgerParser();
      const entries: LedgerEntry[] = [];
      for (let at = 0; at < bytes.length; at += size) entries.push(...parse(bytes.subarray(at, at + size)));
      expect(entries).toEqual([first, second]);
    }
  });

  it('does not take changed bytes for an entry', () => {
    const bytes = encodeFrame(first);
    bytes[bytes.length - 10]! ^= 1;
    expect(createLedgerParser()(bytes)).toEqual([]);
  });

  it('follows a file that others wrote to already', async () => {
    const file = join(directory, 'followed');
    writeFileSync(file, encodeFrame(first));
    const tail = await tailLedger(file);
    appendFileSync(file, encodeFrame(second));
    expect(await tail.read()).toEqual([first, second]);
    await tail.close();
  });

  it.runIf(process.platform === 'linux')('says so when the disk is full', () => {
    const append = openLedger('/dev/full');
    expect(() => append(first)).toThrow('ENOSPC');
  });
});
