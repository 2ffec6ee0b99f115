import { inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { lz4Decompress } from '../../lib/sources/logs/lz4.ts';
import { refuseData } from './errors.ts';

/** "Uploading Logs", limits: a package has at most 6 MB before compression. */
export const RAW_BYTES_MAX = 6 * 1024 ** 2;

/** Values of `x-cls-compress-type`. lz4 is one raw block, deflate has no wrapper: both as in the SDKs. */
const TYPES: readonly string[] = ['lz4', 'zstd', 'deflate'];

/** Undoes a compression, if there is one. Refuses with InvalidCompressType, InvalidContent, LogSizeExceed. */
export function decompress(body: Uint8Array, type: string): Uint8Array {
  if (type !== '' && !TYPES.includes(type)) throw refuseData.invalidCompressType(type);
  const raw = type === '' ? body : decompressed(body, type);
  if (raw === undefined || raw.byteLength > RAW_BYTES_MAX) {
    throw refuseData.logSizeExceed(`An upload has at most ${RAW_BYTES_MAX} bytes before compression.`);
  }
  return raw;
}

/** Undefined if it comes to more than there may be. */
function decompressed(body: Uint8Array, type: string): Uint8Array | undefined {
  const limit = { maxOutputLength: RAW_BYTES_MAX };
  try {
    if (type === 'zstd') return zstdDecompressSync(body, limit);
    if (type === 'deflate') return inflateRawSync(body, limit);
    const size = lz4RawSize(body);
    return size > RAW_BYTES_MAX ? undefined : lz4Decompress(body, size);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw refuseData.invalidContent('The body cannot be decompressed.');
  }
}

/**
 * What a raw LZ4 block comes to. Neither it nor the request says so: the tokens do, added up. Of a corrupt block it is any
 * number, and decompressing it to that fails.
 */
export function lz4RawSize(block: Uint8Array): number {
  let size = 0;
  let at = 0;
  /** What a length in a token goes on to, in bytes of 255 and a smaller last one. */
  const goOn = (length: number): number => {
    if (length < 15) return length;
    let whole = length;
    for (let byte = 255; byte === 255 && at < block.byteLength; at += 1) {
      byte = block[at]!;
      whole += byte;
    }
    return whole;
  };
  while (at < block.byteLength) {
    const token = block[at]!;
    at += 1;
    const literals = goOn(token >>> 4);
    size += literals;
    at += literals;
    if (at >= block.byteLength) break;
    at += 2;
    size += goOn(token & 15) + 4;
  }
  return size;
}
