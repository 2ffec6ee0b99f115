import { openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/**
 * The ledger is the file in which the run's processes note what came out of the stream: of each batch that was given to the user's function,
 * the records that were done, as soon as they were. All of them append to it, and any of them may be killed in the middle of a write.
 */
export interface LedgerEntry {
  slot: string;
  shard: string;
  batch: string;
  /**
   * Two numbers a record: which line it is, counted from 1 in the order of production (0: it does not say), and the crc32
   * of its content as it came out.
   */
  records: Uint32Array;
  /** It was a dead letter that was given once more. */
  redriven?: true;
}

const READ_BYTES = 256 * 1024;
/** Far more than the largest batch needs. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * Opens the ledger for appending.
 *
 * @returns a function that appends one entry in one write; it throws the system's error if the file does not take it whole
 */
export function openLedger(file: string): (entry: LedgerEntry) => void {
  const descriptor = openSync(file, 'a');
  return (entry) => {
    const frame = encodeFrame(entry);
    const written = writeSync(descriptor, frame);
    if (written < frame.length) throw new Error(`only ${written} of ${frame.length} bytes were written`);
  };
}

/** `\n<crc32> <json>\n`: the line feed in front ends whatever a killed process left unfinished. */
export function encodeFrame({ records, ...entry }: LedgerEntry): Buffer {
  const numbers = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const json = Buffer.from(JSON.stringify({ ...entry, records: numbers.toString('base64') }));
  return Buffer.concat([Buffer.from(`\n${checksumText(json)} `), json, Buffer.from('\n')]);
}

/** Splits the ledger's bytes into entries as they come; what is torn is passed over. */
export function createLedgerParser(): (chunk: Uint8Array) => LedgerEntry[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const entries: LedgerEntry[] = [];
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const entry = decodeFrame(bytes.subarray(start, end));
      if (entry !== undefined) entries.push(entry);
      start = end + 1;
    }
    rest = bytes.subarray(bytes.length - start > FRAME_BYTES_MAX ? bytes.length : start);
    return entries;
  };
}

function decodeFrame(frame: Buffer): LedgerEntry | undefined {
  const json = frame.subarray(9);
  if (json.length === 0 || frame.toString('latin1', 0, 8) !== checksumText(json)) return undefined;
  const { records, ...entry } = JSON.parse(json.toString('utf8')) as Omit<LedgerEntry, 'records'> & {
    records: string;
  };
  // A copy of its own: the numbers must lie on a multiple of four.
  return { ...entry, records: new Uint32Array(Uint8Array.from(Buffer.from(records, 'base64')).buffer) };
}

function checksumText(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

export interface LedgerTail {
  /** What was appended since the last call; one call at a time. */
  read(): Promise<LedgerEntry[]>;
  close(): Promise<void>;
}

/** Creates the ledger and follows it. */
export async function tailLedger(file: string): Promise<LedgerTail> {
  const handle = await open(file, 'a+');
  const parse = createLedgerParser();
  const buffer = Buffer.alloc(READ_BYTES);
  let position = 0;
  return {
    read: async () => {
      const entries: LedgerEntry[] = [];
      while (true) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
        if (bytesRead === 0) return entries;
        position += bytesRead;
        entries.push(...parse(buffer.subarray(0, bytesRead)));
      }
    },
    close: () => handle.close(),
  };
}
