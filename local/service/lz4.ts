import { Buffer } from 'node:buffer';
import { compressSync, uncompressSync } from 'lz4-napi';

/** Raw LZ4 blocks, as both services have them: no frame, no size. The package puts the raw size before a block, in four bytes. */
const SIZE_BYTES = 4;
/** What a block is worth at most, for each of its bytes: room for more would be for nothing. */
const RATIO_MAX = 255;

export function lz4Compress(raw: Uint8Array): Buffer {
  return compressSync(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)).subarray(SIZE_BYTES);
}

/** Throws for a block that is corrupt; for one of more raw bytes, as zlib does, with the code `ERR_BUFFER_TOO_LARGE`. */
export function lz4Decompress(block: Uint8Array, rawBytesMax: number): Buffer {
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeUInt32LE(Math.min(rawBytesMax, block.byteLength * RATIO_MAX));
  try {
    return uncompressSync(Buffer.concat([size, block]));
  } catch (error) {
    if (!/output is too small/.test(String(error))) throw error;
    const tooLarge = new RangeError(`more than ${rawBytesMax} bytes`, { cause: error });
    throw Object.assign(tooLarge, { code: 'ERR_BUFFER_TOO_LARGE' });
  }
}
