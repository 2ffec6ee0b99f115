import { deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { lz4Compress, lz4Decompress } from '../service/lz4.ts';
import { refuse } from './errors.ts';

/** API reference, PutLogs and common error codes: a body is at most 10 MB before compression. */
export const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** Values of `x-log-compresstype`. lz4 is one raw block; deflate has the zlib wrapper (both as in the SDKs). */
export type Compression = 'lz4' | 'zstd' | 'deflate';

const COMPRESSIONS: readonly string[] = ['lz4', 'zstd', 'deflate'] satisfies Compression[];

export function isCompression(name: string): name is Compression {
  return COMPRESSIONS.includes(name);
}

export function compress(raw: Uint8Array, compression: Compression): Uint8Array {
  if (compression === 'lz4') return lz4Compress(raw);
  return compression === 'zstd' ? zstdCompressSync(raw) : deflateSync(raw);
}

/** Undoes a compression, given the size it must come to. Refuses with PostBodyUncompressError. */
export function decompress(body: Uint8Array, compression: Compression, rawSize: number): Uint8Array {
  const raw = decompressWithin(body, compression, rawSize);
  if (raw?.byteLength !== rawSize) throw refuse.bodyNotDecompressed();
  return raw;
}

function decompressWithin(
  body: Uint8Array,
  compression: Compression,
  rawSize: number,
): Uint8Array | undefined {
  // zlib wants room for at least one byte.
  const limit = { maxOutputLength: Math.max(rawSize, 1) };
  try {
    if (compression === 'lz4') return lz4Decompress(body, rawSize);
    return compression === 'zstd' ? zstdDecompressSync(body, limit) : inflateSync(body, limit);
  } catch {
    return undefined;
  }
}

/**
 * The compression for an answer: the first one named in `Accept-Encoding` that the service has, else none. The SDKs
 * name exactly one, or send the header empty.
 */
export function acceptedCompression(acceptEncoding: string | undefined): Compression | undefined {
  const names = (acceptEncoding ?? '').split(',').map((name) => name.split(';')[0]!.trim().toLowerCase());
  return names.find(isCompression);
}
