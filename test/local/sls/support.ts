import { Buffer } from 'node:buffer';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';
import { onTestFinished } from 'vitest';
import { md5Hex, sha256Hex, signV1, signV4 } from '../../../lib/sources/sls/signature.ts';
import { type SlsOptions, type SlsService, startSls } from '../../../local/sls/service.ts';
import { type ManualClock, manualClock, newDirectory, START_MS, START_SEC } from '../service/support.ts';

export const ACCOUNT = { accessKeyId: 'test-id', accessKeySecret: 'test-secret' };
export { manualClock, newDirectory, START_MS, START_SEC };

export interface Bench {
  service: SlsService;
  clock: ManualClock;
  /** A signed request to project `shop`, unless the request says otherwise. */
  call(request: Partial<TestRequest>): Promise<TestAnswer>;
}

/** A service with project `shop` and logstore `orders` (two shards), closed when the test ends. */
export async function startBench(options: Partial<SlsOptions> = {}): Promise<Bench> {
  const bench = await openBench(manualClock(), options);
  bench.service.createProject('shop');
  bench.service.createLogstore('shop', 'orders');
  return bench;
}

/** A service with nothing in it but what its directory holds, closed when the test ends. */
export async function openBench(clock: ManualClock, options: Partial<SlsOptions> = {}): Promise<Bench> {
  const service = await startSls({ accounts: [ACCOUNT], clock, ...options });
  onTestFinished(() => service.close());
  return { service, clock, call: (request) => send(service, clock.now(), request) };
}

export interface TestRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  host: string;
  headers: Record<string, string>;
  /** A header that the client does not know of: neither sent nor signed. */
  without: string;
  body: Uint8Array | undefined;
  account: { accessKeyId: string; accessKeySecret: string; securityToken?: string };
  version: 'v1' | 'v4';
  /** When the client believes it is. */
  nowMs: number;
  /** Changes what goes over the wire after it was signed. */
  tamper(signed: { headers: Record<string, string>; body: Uint8Array | undefined }): {
    headers: Record<string, string>;
    body: Uint8Array | undefined;
  };
}

export interface TestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the service answers
  json: any;
  /** `status code`, such as `404 ProjectNotExist`; `200` for success. */
  outcome: string;
}

/** What an SDK does: header, signature, one HTTP exchange. */
export async function send(
  service: Pick<SlsService, 'port'>,
  nowMs: number,
  partial: Partial<TestRequest>,
): Promise<TestAnswer> {
  const request: TestRequest = {
    method: 'GET',
    path: '/',
    query: {},
    host: `shop.127.0.0.1:${service.port}`,
    headers: {},
    without: '',
    body: undefined,
    account: ACCOUNT,
    version: 'v1',
    nowMs,
    tamper: (signed) => signed,
    ...partial,
  };
  const { headers, body } = request.tamper({ headers: signedHeaders(request), body: request.body });
  const parameters = new URLSearchParams(request.query).toString();
  return exchange(
    service.port,
    request.method,
    `${request.path}${parameters && `?${parameters}`}`,
    headers,
    body,
  );
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
        const isJson = incoming.headers['content-type'] === 'application/json';
        const json = isJson ? JSON.parse(bytes.toString()) : undefined;
        const status = incoming.statusCode ?? 0;
        const outcome = json?.errorCode ? `${status} ${json.errorCode}` : String(status);
        resolve({ status, headers: incoming.headers, body: bytes, json, outcome });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function signedHeaders(request: TestRequest): Record<string, string> {
  const { account, body, nowMs, version } = request;
  const bodySha256 = sha256Hex(body ?? '');
  const headers: Record<string, string> = {
    host: request.host,
    'x-log-apiversion': '0.6.0',
    'x-log-bodyrawsize': String(body?.byteLength ?? 0),
    ...(body && { 'content-length': String(body.byteLength) }),
    ...(account.securityToken && { 'x-acs-security-token': account.securityToken }),
    ...(version === 'v1'
      ? {
          date: new Date(nowMs).toUTCString(),
          'x-log-signaturemethod': 'hmac-sha1',
          ...(body && { 'content-md5': md5Hex(body) }),
        }
      : {
          'x-log-date': new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, ''),
          'x-log-content-sha256': bodySha256,
        }),
    ...request.headers,
  };
  delete headers[request.without];
  const signing = { ...request, ...account, headers };
  headers.authorization =
    version === 'v1' ? signV1(signing) : signV4({ ...signing, region: 'cn-hangzhou', bodySha256 });
  return headers;
}

// ---- log groups, by an implementation of protobuf that is not the service's ----

const schema = protobuf.parse(
  `syntax = "proto2";
  message Log {
    required uint32 Time = 1;
    message Content { required string Key = 1; required string Value = 2; }
    repeated Content Contents = 2;
    optional fixed32 Time_ns = 4;
  }
  message LogTag { required string Key = 1; required string Value = 2; }
  message LogGroup {
    repeated Log Logs = 1; optional string Category = 2; optional string Topic = 3;
    optional string Source = 4; optional string MachineUUID = 5; repeated LogTag LogTags = 6;
  }
  message LogGroupList { repeated LogGroup LogGroups = 1; }`,
  { keepCase: true },
).root;

export const LogGroup = schema.lookupType('LogGroup');
const LogGroupList = schema.lookupType('LogGroupList');

/** A log group with one log per text, under the key `message`. */
export function groupOf(...messages: string[]): Uint8Array {
  const Logs = messages.map((Value) => ({ Time: START_SEC, Contents: [{ Key: 'message', Value }] }));
  return LogGroup.encode({ Logs, Topic: 'test', LogTags: [{ Key: 'host', Value: 'a' }] }).finish();
}

/** The messages of a LogGroupList, one array for each group. */
export function messagesOf(list: Uint8Array): string[][] {
  const { LogGroups } = LogGroupList.decode(list) as unknown as {
    LogGroups: { Logs: { Contents: { Value: string }[] }[] }[];
  };
  return LogGroups.map(({ Logs }) => Logs.map(({ Contents }) => Contents[0]!.Value));
}

export function put(
  bench: Pick<Bench, 'call'>,
  body: Uint8Array,
  request: Partial<TestRequest> = {},
): Promise<TestAnswer> {
  return bench.call({
    method: 'POST',
    path: '/logstores/orders/shards/lb',
    body,
    ...request,
    headers: { 'content-type': 'application/x-protobuf', ...request.headers },
  });
}

/** Puts one group into the shard that holds a key. */
export function putByKey(
  bench: Pick<Bench, 'call'>,
  key: string,
  ...messages: string[]
): Promise<TestAnswer> {
  return put(bench, groupOf(...messages), { path: '/logstores/orders/shards/route', query: { key } });
}

export async function cursorOf(bench: Pick<Bench, 'call'>, shard: number, from: string): Promise<string> {
  const answer = await bench.call({
    path: `/logstores/orders/shards/${shard}`,
    query: { type: 'cursor', from },
  });
  return answer.json.cursor;
}

export function pull(
  bench: Pick<Bench, 'call'>,
  shard: number,
  cursor: string,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<TestAnswer> {
  return bench.call({
    path: `/logstores/orders/shards/${shard}`,
    query: { type: 'log', cursor, count: '1000', ...query },
    headers: { accept: 'application/x-protobuf', ...headers },
  });
}

/** All messages of a shard from its beginning on. */
export async function contentsOf(bench: Pick<Bench, 'call'>, shard: number): Promise<string[]> {
  const answer = await pull(bench, shard, await cursorOf(bench, shard, 'begin'));
  return messagesOf(answer.body).flat();
}

export function decimal(cursor: string): bigint {
  return BigInt(Buffer.from(cursor, 'base64').toString());
}
