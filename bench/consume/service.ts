/**
 * A log service that costs its readers nothing but reading: the local one, in front of which pulls are answered with what was prepared.
 * Everything else that official consumers ask for (heartbeats, cursors, checkpoints) goes to the local service.
 */
import http from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { systemClock as clock } from '../../lib/runtime.ts';
import { startCls } from '../../local/cls/service.ts';
import { listenLocally } from '../../local/service/listen.ts';
import { startSls } from '../../local/sls/service.ts';
import { decodeCursor, encodeCursor } from '../../local/sls/state/cursor.ts';
import { createForwarder } from '../support/forwarder.ts';
import { clsBody, GROUPS, type PreparedAnswer } from './answers.ts';

export const PROJECT = 'interop';
export const LOGSTORE = 'orders';
export const LOGSET = '6f6ded3f-948c-4616-9c7c-956a95d8c1a3';
export const TOPIC = '11111111-2222-3333-4444-555555555555';
export const KEY = { accessKeyId: 'bench', accessKeySecret: 'bench-secret' };

/** What is to be read now. */
export interface Load {
  readonly answers: readonly PreparedAnswer[];
  readonly compression: string;
  /** So many pulls, then there is nothing more. */
  readonly pulls: number;
  /** The first pull has come. */
  onFirstPull(): void;
}

export interface BenchService {
  readonly url: string;
  /** The same service for a SOCKS client, whatever address it wants to connect to. */
  readonly socksPort: number;
  /** Where its only shard begins. */
  readonly begin: bigint;
  serve(load: Load): void;
  close(): Promise<void>;
}

export async function startBenchSls(): Promise<BenchService> {
  const local = await startSls({ accounts: [KEY], clock });
  local.createProject(PROJECT);
  local.createLogstore(PROJECT, LOGSTORE, { shards: 1 });
  const [first] = Object.values(local.endCursors(PROJECT, LOGSTORE));
  const begin = decodeCursor(first!)!;
  return startFront(local, begin, async (request, load) => {
    const { searchParams } = new URL(request.url ?? '', 'http://sls');
    if (!/^logs?$/.test(searchParams.get('type') ?? '')) return undefined;
    const position = decodeCursor(searchParams.get('cursor')!)!;
    const answer = answerAt(load, position - begin);
    const next = answer === undefined ? position : position + BigInt(GROUPS);
    const headers = {
      'content-type': 'application/x-protobuf',
      'x-log-requestid': '1',
      'x-log-cursor': encodeCursor(next),
      'x-log-count': String(answer === undefined ? 0 : GROUPS),
      'x-log-end-of-cursor': answerAt(load, next - begin) === undefined ? '1' : '0',
      'x-log-compresstype': load.compression,
      'x-log-bodyrawsize': String(answer?.rawBytes ?? 0),
      ...(answer && { 'x-log-cursor-time': '1767225600', 'x-log-read-last-cursor': String(next - 1n) }),
    };
    return { headers, body: answer?.body(next) ?? new Uint8Array(0) };
  });
}

export async function startBenchCls(): Promise<BenchService> {
  const local = await startCls({ accounts: [KEY], clock });
  local.createLogset(LOGSET);
  local.createTopic(LOGSET, TOPIC, { partitions: 1 });
  return startFront(local, 0n, async (request, load) => {
    if (!new URL(request.url ?? '', 'http://cls').pathname.endsWith('/pull_log')) return undefined;
    const asked = BigInt(/"StartOffset": ?(-?\d+)/.exec(await text(request))![1]!);
    const start = asked < 0n ? 0n : asked;
    const next = start + BigInt(GROUPS);
    const body = answerAt(load, start)?.body(next) ?? clsBody('null', start);
    return { headers: { 'content-type': 'application/json', 'x-cls-requestid': '1' }, body };
  });
}

type Prepared = { headers: Record<string, string>; body: Uint8Array };

/** `prepared`: what answers a pull; undefined for any other request, of which nothing was read. */
async function startFront(
  local: { url: string; close(): Promise<void> },
  begin: bigint,
  prepared: (request: http.IncomingMessage, load: Load) => Promise<Prepared | undefined>,
): Promise<BenchService> {
  const forwarder = createForwarder(local.url);
  let load: Load | undefined;
  const server = http.createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
    const pull = load && (await prepared(request, load));
    if (load === undefined || pull === undefined) return forwarder.forward(request, response);
    load.onFirstPull();
    response.writeHead(200, { ...pull.headers, 'content-length': String(pull.body.length) });
    response.end(pull.body);
  });
  const port = await listenLocally(server, 0, 'port');
  const socks = net.createServer((socket) => shakeHands(socket, () => server.emit('connection', socket)));
  const socksPort = await listenLocally(socks as unknown as http.Server, 0, 'port');
  return {
    url: `http://127.0.0.1:${port}`,
    socksPort,
    begin,
    serve: (next) => {
      load = next;
    },
    close: async () => {
      socks.close();
      server.close();
      server.closeAllConnections();
      forwarder.close();
      await local.close();
    },
  };
}

function answerAt({ answers, pulls }: Load, position: bigint): PreparedAnswer | undefined {
  const index = Number(position) / GROUPS;
  return index < pulls ? answers[index % answers.length] : undefined;
}

/** SOCKS 5, of RFC 1928: a greeting, an address; both are answered with yes. */
function shakeHands(socket: net.Socket, onReady: () => void): void {
  socket.on('error', () => socket.destroy());
  socket.once('data', () => {
    socket.write(Buffer.from([5, 0]));
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
      onReady();
    });
  });
}
