/**
 * The Runtime API of Lambda, as the process of one sandbox speaks it: it asks for the next invocation, and posts what came of it. Source:
 * Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { beginningOf } from '../../lib/observe/secrets.ts';
import { createFront } from '../service/front.ts';
import { HOST, listenLocally } from '../service/listen.ts';

export interface RuntimeInvocation {
  event: unknown;
  requestId: string;
  /** Wall clock; the host and the sandbox share one. */
  deadlineMs: number;
}

/** What a runtime says. */
export type Said =
  /** It is ready for the next invocation, and done with the one before. */
  | { kind: 'next' }
  | { kind: 'initFailed' | 'failed'; error: RuntimeFailure }
  | { kind: 'answered'; result: unknown };

/** An error as runtimes post it. */
export interface RuntimeFailure {
  /** In one line. */
  message: string;
  /** With its stack, as far as it has one. */
  details: string;
}

export interface RuntimeApi {
  /** For `AWS_LAMBDA_RUNTIME_API`. */
  address: string;
  /** Answers the runtime that waits for it. */
  give(invocation: RuntimeInvocation): void;
  /** Ends at once, open connections included. */
  close(): void;
}

/** Lambda's limit for an answer to whoever waits for it. */
const ANSWER_BYTES_MAX = 6 * 1024 * 1024 + 100;
/** Of what is told of an error. */
const MESSAGE_CHARACTERS_MAX = 500;
const DETAILS_CHARACTERS_MAX = 5_000;
const VERSION = '/2018-06-01/runtime';
const OF_INVOCATION = new RegExp(`^${VERSION}/invocation/([^/]{1,100})/(response|error)$`);

/** Serves one process, which is told nothing but what Lambda tells. */
export async function startRuntimeApi(options: {
  functionArn: string;
  onSaid(said: Said): void;
}): Promise<RuntimeApi> {
  const { functionArn, onSaid } = options;
  let waiting: ServerResponse | undefined;
  let given: string | undefined;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    if (method === 'GET' && url === `${VERSION}/invocation/next`) {
      waiting = response;
      given = undefined;
      onSaid({ kind: 'next' });
      return;
    }
    const body = await readBody(request);
    const [, requestId, what] = OF_INVOCATION.exec(url) ?? [];
    if (method !== 'POST' || (requestId === undefined && url !== `${VERSION}/init/error`)) {
      refuse(response, 404, 'InvalidPath', `there is no ${method} ${url}`);
    } else if (requestId !== undefined && decodeURIComponent(requestId) !== given) {
      refuse(response, 400, 'InvalidRequestID', 'it is not the id of the invocation that was given last');
    } else if (body === undefined) {
      const message = `an answer has at most ${ANSWER_BYTES_MAX} bytes`;
      refuse(response, 413, 'RequestEntityTooLarge', message);
      onSaid({ kind: 'failed', error: { message, details: message } });
    } else {
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
      onSaid(
        what === 'response'
          ? answerIn(body)
          : { kind: what ? 'failed' : 'initFailed', error: failureIn(body) },
      );
    }
  }

  const server = createFront({
    // A runtime that is frozen comes back after however long.
    keepAliveMs: 0,
    refuse: (response, message) => refuse(response, 403, 'Forbidden', message),
    receive: (request, response) => {
      // A runtime that was killed has no use for an answer.
      take(request, response).catch(() => response.destroy());
    },
  });
  const port = await listenLocally(server, 0, 'the Runtime API');
  return {
    address: `${HOST}:${port}`,
    give: ({ event, requestId, deadlineMs }) => {
      given = requestId;
      waiting?.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(deadlineMs),
        'lambda-runtime-invoked-function-arn': functionArn,
        'lambda-runtime-trace-id': traceIdOf(requestId, deadlineMs),
      });
      waiting?.end(JSON.stringify(event ?? null));
      waiting = undefined;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Undefined: it is longer than an answer may be. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= ANSWER_BYTES_MAX) chunks.push(chunk);
  }
  return bytes <= ANSWER_BYTES_MAX ? Buffer.concat(chunks).toString() : undefined;
}

function answerIn(body: string): Said {
  try {
    return { kind: 'answered', result: JSON.parse(body) };
  } catch {
    const message = 'what it answered is no JSON';
    return { kind: 'failed', error: { message, details: message } };
  }
}

function failureIn(body: string): RuntimeFailure {
  let fields: Record<string, unknown> = {};
  try {
    fields = Object(JSON.parse(body));
  } catch {
    // What a runtime posts may be anything.
  }
  const { errorType, errorMessage = 'an error that is not told', trace } = fields;
  const whole = `${errorType === undefined ? '' : `${errorType}: `}${errorMessage}`;
  const [firstLine = ''] = whole.split('\n', 1);
  const details = Array.isArray(trace) && trace.length > 0 ? trace.join('\n') : whole;
  return {
    message: beginningOf(firstLine, MESSAGE_CHARACTERS_MAX),
    details: beginningOf(details, DETAILS_CHARACTERS_MAX),
  };
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errorType, errorMessage }));
}

/** As X-Ray writes it, of an invocation that is not traced. */
function traceIdOf(requestId: string, nowMs: number): string {
  const digits = requestId.replaceAll('-', '').padEnd(24, '0').slice(0, 24);
  const seconds = Math.floor(nowMs / 1_000).toString(16);
  return `Root=1-${seconds}-${digits};Parent=${digits.slice(0, 16)};Sampled=0`;
}
