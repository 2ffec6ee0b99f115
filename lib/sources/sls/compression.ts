/** Bodies as SLS sends them: `x-log-compresstype` says how, `x-log-bodyrawsize` how long they were before. */
import zlib from 'node:zlib';
import { SettingsError } from '../../errors.ts';
import { badResponse } from '../../http/failure.ts';
import { lz4Decompress } from '../logs/lz4.ts';
import type { SlsResponse } from './transport.ts';

export type Compression = 'zstd' | 'lz4';

/** Throws a SettingsError where this Node cannot do it: zstd came with Node 22.15. */
export function assertAvailable(compression: Compression): void {
  if (compression === 'zstd' && typeof zlib.zstdDecompressSync !== 'function') {
    throw new SettingsError('compression', compression, `Node ${process.version} has no zstd: use lz4`);
  }
}

/** Of a frame of any compression that holds nothing. */
const EMPTY_FRAME_BYTES_MAX = 64;

/**
 * The body before compression. Throws a `SourceError` (`BadResponse`) if it is corrupt, of an unknown compression, or
 * not of the size that was announced; one that announces more than `bytesMax`, or nothing at all, is not even tried.
 */
export function rawBody({ headers, body }: SlsResponse, bytesMax: number): Uint8Array {
  const compression = headers['x-log-compresstype'] ?? '';
  const announced = headers['x-log-bodyrawsize'];
  const requestId = headers['x-log-requestid'];
  if (announced === undefined || !/^\d{1,15}$/.test(announced)) {
    throw badResponse(`raw size ${announced}`, requestId);
  }
  const rawSize = Number(announced);
  if (rawSize > bytesMax) {
    throw badResponse(`${rawSize} bytes are more than ${bytesMax}: ask for fewer records`, requestId, false);
  }
  if (compression === '' || (rawSize === 0 && body.length > EMPTY_FRAME_BYTES_MAX)) {
    if (rawSize !== body.length) throw badResponse(`${body.length} bytes instead of ${rawSize}`, requestId);
    return body;
  }
  if (rawSize === 0) return new Uint8Array(0);
  try {
    return decompress(body, compression, rawSize);
  } catch (error) {
    throw badResponse(`${compression}: ${(error as Error).message}`, requestId);
  }
}

function decompress(body: Uint8Array, compression: string, rawSize: number): Uint8Array {
  if (compression === 'lz4') return lz4Decompress(body, rawSize);
  if (compression !== 'zstd') throw new Error('unknown compression');
  // In one piece, which Node otherwise joins of pieces of 16 KiB. With a byte to spare it does not begin a second one.
  const chunkSize = Math.max(rawSize + 1, zlib.constants.Z_MIN_CHUNK);
  const raw = zlib.zstdDecompressSync(body, { maxOutputLength: rawSize, chunkSize });
  if (raw.length !== rawSize) throw new Error(`${raw.length} bytes instead of ${rawSize}`);
  return raw;
}
