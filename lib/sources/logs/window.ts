/**
 * Decompression of blocks in WebAssembly, a window at a time: what is copied byte by byte takes JavaScript three times as long. The
 * memory is of one size, whatever the size of a block: distances within blocks reach back 64 KiB at most, or nearly always.
 *
 * It decodes plain elements only (see blocks.wat). The callers decode one element after another themselves, say what is corrupt, and
 * would come to the same bytes without it.
 */
import { BLOCKS_WASM } from './blocksWasm.ts';

/** How far a block was read, and how far its raw data was written. */
export interface Progress {
  from: number;
  to: number;
}

export type Format = 'lz4' | 'snappy';

type Decode = (from: number, fromEnd: number, to: number, toEnd: number, begin: number) => number;
type Exports = Record<Format, Decode> & { memory: { buffer: ArrayBuffer }; read: { value: number } };

/** What is used of it, as its types belong to browsers. */
const { WebAssembly: assembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { exports: unknown };
  };
};

const READ_BYTES = 128 * 1024;
const BEFORE_BYTES = 64 * 1024;
const WRITE_BYTES = 256 * 1024;
/** What is copied beyond an end. */
const ROOM_BYTES = 16;
const WRITE_AT = READ_BYTES + ROOM_BYTES + BEFORE_BYTES;

/**
 * Where an element was not plain, so much of the block is decoded without a window before it is filled again: for each of many such
 * elements that would take longer than the element itself.
 */
export const UNTIL_NEXT_TRY_BYTES = 16 * 1024;

let exported: { decode: Exports; bytes: Uint8Array } | undefined;

/** Of this sandbox, once somebody has a block: the module is compiled in a millisecond. */
function loaded(): { decode: Exports; bytes: Uint8Array } {
  if (exported === undefined) {
    const module = new assembly.Module(Buffer.from(BLOCKS_WASM, 'base64'));
    const decode = new assembly.Instance(module).exports as Exports;
    exported = { decode, bytes: new Uint8Array(decode.memory.buffer) };
  }
  return exported;
}

/** Decodes elements as long as they are plain. What is left begins with one that is not, or is the rest of the block. */
export function decodePlain(format: Format, block: Uint8Array, raw: Uint8Array, at: Progress): void {
  const { decode, bytes } = loaded();
  for (;;) {
    const fromEnd = Math.min(READ_BYTES, block.length - at.from);
    bytes.set(block.subarray(at.from, at.from + fromEnd), 0);
    const before = Math.min(BEFORE_BYTES, at.to);
    bytes.set(raw.subarray(at.to - before, at.to), WRITE_AT - before);
    const toEnd = WRITE_AT + Math.min(WRITE_BYTES, raw.length - at.to);
    const to = decode[format](0, fromEnd, WRITE_AT, toEnd, WRITE_AT - before);
    raw.set(bytes.subarray(WRITE_AT, to), at.to);
    const read = decode.read.value;
    at.from += read;
    at.to += to - WRITE_AT;
    // Where the window has moved on, more may fit into it.
    if (read === 0 || at.from === block.length) return;
  }
}
