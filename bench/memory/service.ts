/**
 * SLS with a backlog that never ends: the local service, in front of which pulls are answered with as many log groups as they ask for, up to a
 * size. Cursors, shards and signatures are those of the local service.
 */
import http from 'node:http';
import zlib from 'node:zlib';
import { systemClock as clock } from '../../lib/runtime.ts';
import { encodeLogGroup, encodeLogGroupList } from '../../local/clients/sls/logGroup.ts';
import { listenLocally } from '../../local/service/listen.ts';
import { startSls } from '../../local/sls/service.ts';
import { decodeCursor, encodeCursor } from '../../local/sls/state/cursor.ts';
import { createForwarder } from '../support/forwarder.ts';

export const PROJECT = 'bench';
export const LOGSTORE = 'orders';
export const KEY = { accessKeyId: 'bench', accessKeySecret: 'bench-secret' };

export interface Backlog {
  url: string;
  /** What a pull of all that may be asked for brings from now on, before compression; and how long each one takes at the least. */
  serve(of: { answerBytes: number; groupBytes?: number; latencyMs?: number }): void;
  /** Of the largest answer that was read to its end since then, before compression. */
  largestBytes(): number;
  close(): Promise<void>;
}

/** Of log groups in an answer. */
const COUNT_MAX = 1_000;
const TIME_MS = 1_767_225_600_000;
/** So many different log groups come again and again: more than a compressor looks back. */
const DIFFERENT = 64;
const FAST = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } };

interface Load {
  groups: readonly Uint8Array[];
  /** Log groups in the largest answer. */
  most: number;
  /** By their number of log groups. */
  answers: Map<number, { raw: number; body: Uint8Array }>;
  latencyMs: number;
  largestBytes: number;
}

export async function startBacklog({ shards }: { shards: number }): Promise<Backlog> {
  const local = await startSls({ accounts: [KEY], clock });
  local.createProject(PROJECT);
  local.createLogstore(PROJECT, LOGSTORE, { shards });
  const forwarder = createForwarder(local.url);
  let load: Load = { groups: [], most: 0, answers: new Map(), latencyMs: 0, largestBytes: 0 };
  const server = http.createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://sls');
    if (searchParams.get('type') !== 'log') return forwarder.forward(request, response);
    const served = load;
    const count = Math.min(Number(searchParams.get('count')), served.most);
    const { raw, body } = answerOf(served, count);
    if (served.latencyMs > 0) await clock.sleep(served.latencyMs);
    const position = decodeCursor(searchParams.get('cursor')!)!;
    response.writeHead(200, {
      'content-type': 'application/x-protobuf',
      'content-length': String(body.length),
      'x-log-requestid': '1',
      'x-log-cursor': encodeCursor(position + BigInt(count)),
      'x-log-count': String(count),
      'x-log-end-of-cursor': '0',
      'x-log-compresstype': 'zstd',
      'x-log-bodyrawsize': String(raw),
      'x-log-cursor-time': String(TIME_MS / 1_000),
    });
    // One that was not wanted never gets there; the callback of `end` is called of it, too.
    response.once('finish', () => {
      served.largestBytes = Math.max(served.largestBytes, raw);
    });
    response.end(body);
  });
  const port = await listenLocally(server, 0, 'port');
  return {
    url: `http://127.0.0.1:${port}`,
    serve({ answerBytes, groupBytes = answerBytes / COUNT_MAX, latencyMs = 0 }) {
      const groups = Array.from({ length: DIFFERENT }, (_, index) => groupOf(index, groupBytes));
      const most = Math.max(1, Math.floor(answerBytes / groupBytes));
      load = { groups, most, answers: new Map(), latencyMs, largestBytes: 0 };
      // The largest takes longest: nobody is to wait for it.
      answerOf(load, most);
    },
    largestBytes: () => load.largestBytes,
    close: async () => {
      server.close();
      server.closeAllConnections();
      forwarder.close();
      await local.close();
    },
  };
}

function answerOf({ groups, answers }: Load, count: number): { raw: number; body: Uint8Array } {
  const known = answers.get(count);
  if (known !== undefined) return known;
  const raw = encodeLogGroupList(Array.from({ length: count }, (_, index) => groups[index % DIFFERENT]!));
  const made = { raw: raw.length, body: zlib.zstdCompressSync(raw, FAST) };
  answers.set(count, made);
  return made;
}

/** What a line takes as it is encoded. */
const LINE_BYTES = 370;

/** An access log of ten fields, of about as many bytes. No two lines are alike. */
function groupOf(index: number, bytes: number): Uint8Array {
  const logs = Array.from({ length: Math.max(1, Math.round(bytes / LINE_BYTES)) }, (_, i) =>
    lineOf(index * 10_007 + i),
  );
  return encodeLogGroup({
    topic: 'access',
    source: '10.0.0.1',
    tags: { __hostname__: `web-${index}` },
    logs,
  });
}

/** Numbers that look like chance, and are the same each time. */
const hash = (i: number): string => (Math.imul(i + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, '0');

const lineOf = (i: number) => ({
  timeMs: TIME_MS + i,
  fields: {
    client: `203.0.113.${i % 256}`,
    method: i % 7 === 0 ? 'POST' : 'GET',
    path: `/orders/${hash(i)}/${hash(i + 1)}/items?page=${i % 97}`,
    protocol: 'HTTP/1.1',
    status: i % 11 === 0 ? '404' : '200',
    bytes: `${(i * 7_919) % 100_000}`,
    referrer: `https://shop.example/${hash(i * 3)}`,
    agent:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0',
    durationMs: `${i % 997}`,
    traceId: hash(i) + hash(i * 5) + hash(i * 7) + hash(i * 11),
  },
});
