import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import { createExclusion, type Exclusion } from './dynamodb/exclusion.ts';
import { createRequestTokens } from './dynamodb/requestTokens.ts';
import { type Answered, type Call, transactWrite } from './dynamodb/transactWrite.ts';
import { createFront } from './service/front.ts';
import { listenLocally } from './service/listen.ts';
import { nestingOf } from './service/nesting.ts';

export interface LocalDynamodb {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  endpoint: string;
  port: number;
  /** What was asked of items so far, as AWS would bill it; tables made or described do not count. */
  usage(): DynamodbUsage;
  /** Ends at once, open connections included; the tables are gone. */
  close(): Promise<void>;
}

export interface DynamodbUsage {
  requests: number;
  writeUnits: number;
  readUnits: number;
}

interface Answer {
  status: number;
  headers: Record<string, string | number>;
  body: string;
}

const REQUEST_BYTES_MAX = 16 * 1024 * 1024;
/** DynamoDB takes 32 levels of documents, of two objects each. Of many more the emulator would die. */
const NESTING_MAX = 80;
/** Longer than any interval between ticks that is likely, so that warm clients keep their connections. */
const KEEP_ALIVE_MS = 10 * 60_000;
/** Signature version 4, for any region. */
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^\s,/]+)\/\d{8}\/[^\s,/]+\/dynamodb\/aws4_request, *SignedHeaders=[a-z0-9;-]+, *Signature=[0-9a-f]{64}$/;
const TRANSACTION = 'TransactWriteItems';
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', TRANSACTION]);
const READS = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem']);

/**
 * The DynamoDB API on 127.0.0.1, in memory (dynalite), with `TransactWriteItems` in front of it. Requests and capacity are counted here and not by the clients: a
 * client that is killed takes no count with it.
 *
 * @param options.port 0 or absent: any free port
 * @param options.onlooker an access key: what is asked with it is not counted
 * @throws SettingsError if the port cannot be had
 */
export async function startDynamodb(
  options: { port?: number; onlooker?: string } = {},
): Promise<LocalDynamodb> {
  const service = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const usage: DynamodbUsage = { requests: 0, writeUnits: 0, readUnits: 0 };
  const table = { service, exclusion: createExclusion(), once: createRequestTokens(Date.now) };
  const front = createFront({
    keepAliveMs: KEEP_ALIVE_MS,
    refuse: (response, message) => refuse(response, 403, 'AccessDeniedException', message),
    receive: (request, response) => {
      // A client that vanished has no use for an answer; nothing else can go wrong here.
      answer(table, options.onlooker, usage, request, response).catch(() => response.destroy());
    },
  });
  const port = await listenLocally(front, options.port ?? 0, '--dynamodb-port');
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    usage: () => ({ ...usage }),
    close: () =>
      new Promise((resolve) => {
        // dynalite's own store stays open: closing it under a request would throw, and it is only memory.
        front.close(() => resolve());
        front.closeAllConnections();
      }),
  };
}

interface Table {
  service: Server;
  exclusion: Exclusion;
  once: ReturnType<typeof createRequestTokens>;
}

async function answer(
  table: Table,
  onlooker: string | undefined,
  usage: DynamodbUsage,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  // Anybody's keys are good, so that there is nothing to verify it with; but no form or image of a web page can send it.
  const [signature, accessKeyId] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? [];
  if (signature === undefined) {
    const message =
      'Sign the request with AWS Signature Version 4, in the header Authorization; any keys will do.';
    refuse(response, 400, 'MissingAuthenticationTokenException', message);
    return;
  }
  if (nestingOf(body) > NESTING_MAX) {
    const message =
      'Nesting Levels have exceeded supported limits: Attributes with nested levels beyond 32 are not supported';
    refuse(response, 400, 'ValidationException', message);
    return;
  }
  const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
  const counted = (WRITES.has(operation) || READS.has(operation)) && accessKeyId !== onlooker;
  const asked = counted ? askForCapacity(body) : body;
  const { service, exclusion } = table;
  const {
    status,
    headers,
    body: text,
  } = await (operation === TRANSACTION
    ? exclusion.alone(() => transact(table, request, asked))
    : exclusion.together(() => ask(service, request, asked)));
  if (counted) count(usage, operation, text);
  response.writeHead(status, headers).end(text);
}

/** As the SDKs understand it. */
function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message }));
}

/** undefined: larger than DynamoDB takes. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > REQUEST_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Hands dynalite a request whose body is already whole. On a socket of its own it would throw, uncaught, whenever a
 * client is killed while it sends.
 */
function ask(
  service: Server,
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  body: Buffer,
): Promise<Answer> {
  const { method, url, headers } = request;
  const whole = Object.assign(Readable.from(body.length === 0 ? [] : [body]), { method, url, headers });
  return new Promise((resolve) => {
    const answered: Answer['headers'] = {};
    const response = {
      statusCode: 200,
      setHeader: (name: string, value: string | number): void => {
        answered[name] = value;
      },
      end: (text = ''): void => resolve({ status: response.statusCode, headers: answered, body: text }),
    };
    service.emit('request', whole, response);
  });
}

/** One request of several items, of which all are written or none. */
async function transact({ service, once }: Table, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const call: Call = async (operation, input) => {
    const headers = { ...request.headers, 'x-amz-target': `DynamoDB_20120810.${operation}` };
    const asked = { method: request.method, url: request.url, headers };
    const answer = await ask(service, asked, Buffer.from(JSON.stringify(input)));
    return { ok: answer.status === 200, output: JSON.parse(answer.body) };
  };
  let input: object;
  try {
    input = JSON.parse(body.toString('utf8'));
  } catch {
    // It is for the service to refuse.
    return ask(service, request, body);
  }
  return written(await once(input, () => transactWrite(input, call)));
}

const ANSWERED = { 'content-type': 'application/x-amz-json-1.0' };

function written(answered: Answered): Answer {
  const ConsumedCapacity = Array.from(answered.units, ([TableName, units]) => ({
    TableName,
    CapacityUnits: units,
    WriteCapacityUnits: units,
  }));
  if (answered.ok) return { status: 200, headers: ANSWERED, body: JSON.stringify({ ConsumedCapacity }) };
  const { type, message, details } = answered;
  const body = { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message, ...details, ConsumedCapacity };
  return { status: 400, headers: ANSWERED, body: JSON.stringify(body) };
}

/** Clients need not ask for the capacity: the front asks for them. What is no JSON is for the service to refuse. */
function askForCapacity(body: Buffer): Buffer {
  try {
    const request: object = JSON.parse(body.toString('utf8'));
    return Buffer.from(JSON.stringify({ ...request, ReturnConsumedCapacity: 'TOTAL' }));
  } catch {
    return body;
  }
}

function count(usage: DynamodbUsage, operation: string, text: string): void {
  const { ConsumedCapacity: consumed, __type: error } = JSON.parse(text || '{}') as {
    ConsumedCapacity?: Capacity | Capacity[];
    __type?: string;
  };
  const tables = consumed === undefined ? [] : [consumed].flat();
  const units = tables.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
  usage.requests += 1;
  if (READS.has(operation)) usage.readUnits += units;
  // A refused condition is billed like the write it was not.
  else usage.writeUnits += error?.endsWith('#ConditionalCheckFailedException') ? 1 : units;
}

interface Capacity {
  CapacityUnits?: number;
}
