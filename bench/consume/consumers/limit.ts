/**
 * What cannot be less on this machine: bare Node downloads the same answers and decompresses them, and reads nothing. zstd is Node's own;
 * lz4 is ours, or native (lz4-napi). Run by run.ts, never imported.
 */
import http from 'node:http';
import zlib from 'node:zlib';
import { uncompressSync } from 'lz4-napi';
import { lz4Decompress } from '../../../lib/sources/logs/lz4.ts';
import { encodeCursor } from '../../../local/sls/state/cursor.ts';

const { BENCH_URL, BENCH_PULLS, BENCH_GROUPS, BENCH_BEGIN, BENCH_LIMIT } = process.env;
const agent = new http.Agent({ keepAlive: true });

/** The native one reads the raw size before the block. */
async function download(position: bigint): Promise<{ body: Buffer; rawSize: number }> {
  const cursor = encodeCursor(position);
  return new Promise((resolve, reject) => {
    const request = http.get(
      `${BENCH_URL}/?type=log&cursor=${encodeURIComponent(cursor)}`,
      { agent },
      (answer) => {
        const rawSize = Number(answer.headers['x-log-bodyrawsize']);
        const size = Buffer.alloc(BENCH_LIMIT === 'native' ? 4 : 0);
        if (size.length > 0) size.writeUInt32LE(rawSize);
        const chunks: Buffer[] = [size];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ body: Buffer.concat(chunks), rawSize }));
      },
    );
    request.on('error', reject);
  });
}

function decompress(body: Buffer, rawSize: number): Uint8Array {
  if (BENCH_LIMIT === 'native') return uncompressSync(body);
  if (BENCH_LIMIT === 'lz4') return lz4Decompress(body, rawSize);
  return zlib.zstdDecompressSync(body, { maxOutputLength: rawSize, chunkSize: rawSize + 1 });
}

let bytes = 0;
for (let pull = 0; pull < Number(BENCH_PULLS); pull++) {
  const { body, rawSize } = await download(BigInt(BENCH_BEGIN!) + BigInt(pull) * BigInt(BENCH_GROUPS!));
  bytes += decompress(body, rawSize).length;
}
process.stdout.write(`${JSON.stringify({ bytes })}\n`);
setInterval(() => {}, 60_000);
