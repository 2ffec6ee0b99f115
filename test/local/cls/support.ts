import { Buffer } from 'node:buffer';
import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';
import { onTestFinished } from 'vitest';
import { type ClsOptions, type ClsService, startCls } from '../../../local/cls/service.ts';
import { lz4Compress } from '../../../local/service/lz4.ts';
import { type ManualClock, manualClock, START_SEC } from '../service/support.ts';

export { manualClock, START_MS, START_SEC } from '../service/support.ts';

export const ACCOUNT = { accessKeyId: 'AKIDtest', accessKeySecret: 'test-secret' };
export const LOGSET = '00000000-0000-4000-8000-000000000001';
export const TOPIC = '11111111-2222-4333-8444-000000000001';
export const OTHER_TOPIC = '11111111-2222-4333-8444-000000000002';

export interface Bench {
  service: ClsService;
  clock: ManualClock;
  /** A signed request of the data plane. */
  call(request: Partial<TestRequest>): Promise<TestAnswer>;
  /** A signed request of the control plane. */
  act(action: string, body: unknown, request?: Partial<TestRequest>): Promise<TestAnswer>;
}

/** A service with a logset and a topic of two partitions, closed when the test ends. */
export async function startBench(options: Partial<ClsOptions> = {}): Promise<Bench> {
  const clock = manualClock();
  const service = await startCls({ accounts: [ACCOUNT], clock, ...options });
  onTestFinished(() => service.close());
  service.createLogset(LOGSET, 'shop');
  service.createTopic(LOGSET, TOPIC, { name: 'orders' });
  const call: Bench['call'] = (request) => send(service.port, clock.now(), request);
  return { service, clock, call, act: (...of) => call(action(...of)) };
}

function action(name: string, body: unknown, request: Partial<TestRequest> = {}): Partial<TestRequest> {
  return {
    path: '/',
    plane: 'control',
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    ...request,
    headers: { 'x-tc-action': name, 'x-tc-version': '2020-10-16', ...request.headers },
  };
}

export interface TestRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  /** A header that the client does not know of: neither sent nor signed. */
  without: string;
  body: Uint8Array;
  account: { accessKeyId: string; accessKeySecret: string };
  plane: 'control' | 'data';
  /** When the client believes it is. */
  nowMs: number;
  /** Changes what goes over the wire after it was signed. */
  tamper(headers: Record<string, string>): Record<string, string>;
}

export interface TestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the service answers
  json: any;
  /** The status, and the code of what went wrong: `404 TopicNotExist`, `200 InvalidAction`; `200` for success. */
  outcome: string;
}

/** What an SDK does: headers, a signature, one HTTP exchange. */
export async function send(port: number, nowMs: number, partial: Partial<TestRequest>): Promise<TestAnswer> {
  const request: TestRequest = {
    method: 'POST',
    path: '/',
    query: {},
    headers: {},
    without: '',
    body: new Uint8Array(0),
    account: ACCOUNT,
    plane: 'data',
    nowMs,
    tamper: (headers) => headers,
    ...partial,
  };
  // The Python SDK sends a host without a port.
  const headers: Record<string, string> = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': String(request.body.byteLength),
    ...(request.plane === 'control' && { 'x-tc-timestamp': String(Math.floor(request.nowMs / 1000)) }),
    ...request.headers,
  };
  delete headers[request.without];
  if (request.without !== 'authorization') {
    headers.authorization =
      request.plane === 'control' ? signControl(request, headers) : signData(request, headers);
  }
  const parameters = new URLSearchParams(request.query).toString();
  const target = `${request.path}${parameters && `?${parameters}`}`;
  return exchange(port, request.method, target, request.tamper(headers), request.body);
}

export function exchange(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Uint8Array,
): Promise<TestAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, headers }, async (incoming) => {
      try {
        const bytes = await buffer(incoming);
        const status = incoming.statusCode ?? 0;
        const json = jsonOf(bytes);
        const code = json?.errorcode ?? json?.Response?.Error?.Code;
        const outcome = code === undefined ? String(status) : `${status} ${code}`;
        resolve({ status, headers: incoming.headers, body: bytes, json, outcome });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function jsonOf(bytes: Buffer): TestAnswer['json'] {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

// ---- signatures, written down once more: the official Python SDK, auth.py ----

function signControl({ body, account }: TestRequest, headers: Record<string, string>): string {
  const timestamp = headers['x-tc-timestamp'];
  const date = new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  const canonical = `POST\n/\n\ncontent-type:${headers['content-type']}\nhost:${headers.host}\n\ncontent-type;host\n${sha('sha256', body)}`;
  const scope = `${date}/cls/tc3_request`;
  const text = `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${sha('sha256', canonical)}`;
  let key = hmac('sha256', `TC3${account.accessKeySecret}`, date);
  for (const part of ['cls', 'tc3_request']) key = hmac('sha256', key, part);
  const signature = hmac('sha256', key, text).toString('hex');
  return `TC3-HMAC-SHA256 Credential=${account.accessKeyId}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`;
}

function signData(request: TestRequest, headers: Record<string, string>): string {
  const { method, path, query, account, nowMs } = request;
  const nowSec = Math.floor(nowMs / 1000);
  const time = `${nowSec - 60};${nowSec + 300}`;
  const lower = (values: Record<string, string>): [string, string][] =>
    Object.entries(values)
      .map(([name, value]): [string, string] => [name.toLowerCase(), value])
      .sort();
  const form = (values: Record<string, string>): string =>
    new URLSearchParams(lower(values)).toString().replaceAll('*', '%2A');
  const signed = Object.fromEntries(
    Object.entries(headers).filter(([name]) => ['content-type', 'host'].includes(name)),
  );
  const http = `${method.toLowerCase()}\n${path}\n${form(query)}\n${form(signed)}\n`;
  const key = hmac('sha1', account.accessKeySecret, time).toString('hex');
  const signature = hmac('sha1', key, `sha1\n${time}\n${sha('sha1', http)}\n`).toString('hex');
  const names = (values: Record<string, string>): string =>
    lower(values)
      .map(([name]) => name)
      .join(';');
  return `q-sign-algorithm=sha1&q-ak=${account.accessKeyId}&q-sign-time=${time}&q-key-time=${time}&q-header-list=${names(signed)}&q-url-param-list=${names(query)}&q-signature=${signature}`;
}

const sha = (algorithm: string, data: Uint8Array | string): string =>
  createHash(algorithm).update(data).digest('hex');
const hmac = (algorithm: string, key: Uint8Array | string, data: string): Buffer =>
  createHmac(algorithm, key).update(data).digest();

// ---- log groups, by an implementation of protobuf that is not the service's ----

const schema = protobuf.parse(
  `syntax = "proto2";
  message Log {
    required int64 time = 1;
    message Content { required string key = 1; required string value = 2; }
    repeated Content contents = 2;
    optional int64 collectTime = 3;
  }
  message LogTag { required string key = 1; required string value = 2; }
  message LogGroup {
    repeated Log logs = 1; optional string contextFlow = 2; optional string filename = 3;
    optional string source = 4; repeated LogTag logTags = 5; optional string hostname = 6;
  }
  message LogGroupList { repeated LogGroup logGroupList = 1; }`,
  { keepCase: true },
).root;

export const LogGroup = schema.lookupType('LogGroup');
export const LogGroupList = schema.lookupType('LogGroupList');

export function listOf(...groups: object[]): Uint8Array {
  return LogGroupList.encode({ logGroupList: groups }).finish();
}

/** A log group with one log per text, under the key `message`. */
export function groupOf(messages: string[], time = START_SEC): object {
  const logs = messages.map((value) => ({ time, contents: [{ key: 'message', value }] }));
  return { logs, source: '10.0.0.1', logTags: [{ key: 'host', value: 'a' }] };
}

/** Puts one message for each text, all of them into one partition. */
export function put(
  bench: Pick<Bench, 'call'>,
  messages: string[],
  headers: Record<string, string> = {},
): Promise<TestAnswer> {
  return putList(bench, listOf(...messages.map((message) => groupOf([message]))), headers);
}

/** Puts a message into the partition that holds a key. */
export function putByKey(bench: Pick<Bench, 'call'>, key: string, ...messages: string[]) {
  return put(bench, messages, { 'x-cls-hashkey': key });
}

export function putList(
  bench: Pick<Bench, 'call'>,
  list: Uint8Array,
  headers: Record<string, string> = {},
  request: Partial<TestRequest> = {},
): Promise<TestAnswer> {
  return bench.call({
    path: '/structuredlog',
    query: { topic_id: TOPIC },
    body: lz4Compress(list),
    ...request,
    headers: { 'content-type': 'application/x-protobuf', 'x-cls-compress-type': 'lz4', ...headers },
  });
}

/** A pull, and what came of it. */
export interface TestPull extends TestAnswer {
  next: bigint;
  frames: Buffer[];
  /** The texts of its logs, one array for each message. */
  messages: string[][];
}

export async function pull(
  bench: Pick<Bench, 'call'>,
  partition: number,
  offset: bigint | number,
  { topic = TOPIC, ...body }: Record<string, unknown> & { topic?: string } = {},
): Promise<TestPull> {
  const rest = JSON.stringify({ StartTime: 0, Size: 1_048_576, CompressType: 'snappy', ...body });
  const answer = await bench.call({
    path: '/pull_log',
    query: { topic_id: topic },
    body: Buffer.from(`{"StartOffset":${offset},"PartitionId":${partition},${rest.slice(1)}`),
  });
  if (answer.outcome !== '200') return { ...answer, next: 0n, frames: [], messages: [] };
  const text = snappyDecompress(answer.body).toString();
  const next = BigInt(/"NextOffset":(-?\d+)/.exec(text)![1]!);
  const encoded: string[] | null = JSON.parse(text).Response.Message;
  const frames = (encoded ?? []).map((frame) => Buffer.from(frame, 'base64'));
  return { ...answer, json: JSON.parse(text), next, frames, messages: frames.map(textsOf) };
}

/** The values of the logs in a frame. */
export function textsOf(frame: Buffer): string[] {
  return logGroupOf(frame).logs.map(({ contents }) => contents?.[0]?.value ?? '');
}

export function logGroupOf(frame: Buffer) {
  return LogGroup.toObject(LogGroup.decode(frame.subarray(96)), { longs: String }) as {
    logs: { time: string; contents?: { key: string; value: string }[] }[];
    source?: string;
    logTags?: object[];
  };
}

/** Literals and copies of a raw block: format_description.txt of google/snappy. */
export function snappyDecompress(block: Buffer): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = block[at++]!;
    size += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  const raw = Buffer.alloc(size);
  let end = 0;
  while (at < block.length) {
    const tag = block[at++]!;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const length = (extra === 0 ? tag >> 2 : block.readUIntLE(at, extra)) + 1;
      at += extra;
      end += block.copy(raw, end, at, at + length);
      at += length;
      continue;
    }
    const isShort = (tag & 3) === 1;
    const length = isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distanceBytes = isShort ? 1 : (tag & 3) === 2 ? 2 : 4;
    const distance = block.readUIntLE(at, distanceBytes) + (isShort ? (tag >> 5) * 256 : 0);
    at += distanceBytes;
    for (const stop = end + length; end < stop; end += 1) raw[end] = raw[end - distance]!;
  }
  if (end !== size) throw new Error(`snappy: ${end} bytes instead of ${size}`);
  return raw;
}

// ---- consumer groups ----

/** Makes a group over the topics. */
export async function createGroup(
  bench: Pick<Bench, 'act'>,
  name = 'workers',
  { topics = [TOPIC], timeout = 60 } = {},
): Promise<TestAnswer> {
  return bench.act('CreateConsumerGroup', {
    ConsumerGroup: name,
    Timeout: timeout,
    Topics: topics,
    LogsetId: LOGSET,
  });
}

/** A heartbeat over one topic; the partitions that it answers. */
export async function beat(
  bench: Pick<Bench, 'act'>,
  consumer: string,
  reported: number[],
  group = 'workers',
): Promise<number[]> {
  const answer = await bench.act('SendConsumerHeartbeat', {
    ConsumerGroup: group,
    Consumer: consumer,
    LogsetId: LOGSET,
    TopicPartitionsInfo: [{ TopicID: TOPIC, Partitions: reported }],
    PartitionStrategy: 2,
  });
  return answer.json.Response.TopicPartitionsInfo[0].Partitions;
}

export function commit(
  bench: Pick<Bench, 'act'>,
  consumer: string,
  offsets: Record<number, bigint | number>,
): Promise<TestAnswer> {
  const list = Object.entries(offsets).map(([id, offset]) => `{"PartitionId":${id},"Offset":${offset}}`);
  return bench.act(
    'CommitConsumerOffsets',
    `{"TopicPartitionOffsetsInfo":[{"TopicID":"${TOPIC}","PartitionOffsets":[${list}]}],"ConsumerGroup":"workers","Consumer":"${consumer}","LogsetId":"${LOGSET}"}`,
  );
}

/** Offsets by partition of one topic, exactly. */
export async function offsetsFrom(
  bench: Pick<Bench, 'act'>,
  from: string | number,
  body: Record<string, unknown> = {},
): Promise<Record<string, bigint>> {
  const answer = await bench.act('DescribeConsumerOffsets', {
    ConsumerGroup: 'workers',
    LogsetId: LOGSET,
    TopicId: TOPIC,
    From: from,
    ...body,
  });
  const found = answer.body.toString().matchAll(/"PartitionId":(\d+),"Offset":(-?\d+)/g);
  return Object.fromEntries([...found].map(([, id, offset]) => [id, BigInt(offset!)]));
}
