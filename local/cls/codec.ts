import { inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { lz4Decompress } from '../service/lz4.ts';
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
    // Neither the block nor the request says what it comes to.
    return lz4Decompress(body, RAW_BYTES_MAX);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw refuseData.invalidContent('The body cannot be decompressed.');
  }
}
