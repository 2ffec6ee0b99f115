/**
 * The sandbox's own process: loads the function that its environment names, and asks the Runtime API for one invocation after the
 * other, as Lambda's runtime for Node does. Run by sandboxProcess.ts, never imported; it imports nothing of ours, for each start waits for it.
 */
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import { env, exit, getBuiltinModule } from 'node:process';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: unknown) => unknown;

const { AWS_LAMBDA_RUNTIME_API: api = '', LAMBDA_TASK_ROOT: taskRoot = '', _HANDLER: named = '' } = env;
const INIT_ERROR = 'init/error';
/** As Lambda's runtime ends of what nobody has caught. */
const EXIT_CODES: Partial<Record<string, number>> = { unhandledRejection: 128, uncaughtException: 129 };
/** As a bundle has it: an import would load all that `fetch` needs. */
const { Agent, request } = getBuiltinModule('node:http');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
/** Where the error is posted that ends this process. */
let errorPath = INIT_ERROR;

// Ctrl-C in a terminal reaches every process of the group; when the sandbox ends is the host's business.
process.on('SIGINT', () => {});
process.on('uncaughtException', (error, origin) => {
  const failure = failureOf(error);
  const { errorType, errorMessage } = failure;
  const rejection = {
    ...failure,
    errorType: 'Runtime.UnhandledPromiseRejection',
    errorMessage: `${errorType}: ${errorMessage}`,
  };
  const ended = (): never => exit(EXIT_CODES[origin]);
  post(errorPath, origin === 'unhandledRejection' ? rejection : failure).then(ended, ended);
});

void serve();

async function serve(): Promise<void> {
  const handler = await load().catch(async (error: unknown) => {
    await post(INIT_ERROR, failureOf(error));
    return exit(1);
  });
  while (true) {
    const { headers, body } = await send('GET', 'invocation/next');
    const requestId = String(headers['lambda-runtime-aws-request-id']);
    env._X_AMZN_TRACE_ID = String(headers['lambda-runtime-trace-id']);
    errorPath = `invocation/${requestId}/error`;
    await answer(handler, JSON.parse(body), requestId, headers);
  }
}

async function answer(
  handler: Handler,
  event: unknown,
  requestId: string,
  headers: IncomingMessage['headers'],
): Promise<void> {
  try {
    const result = await handler(event, contextOf(requestId, headers));
    await post(`invocation/${requestId}/response`, result ?? null);
  } catch (error) {
    await post(`invocation/${requestId}/error`, failureOf(error));
  }
}

async function load(): Promise<Handler> {
  const dot = named.lastIndexOf('.');
  const [module, name] = [resolve(taskRoot, named.slice(0, dot)), named.slice(dot + 1)];
  const ending = ['.js', '.mjs', '.cjs'].find((each) => existsSync(module + each)) ?? '.mjs';
  const { [name]: handler }: Record<string, unknown> = await import(pathToFileURL(module + ending).href);
  if (typeof handler !== 'function') throw new TypeError(`${named} is no function, or is not exported`);
  return handler as Handler;
}

/** As Lambda describes an invocation to its function. */
function contextOf(
  requestId: string,
  headers: IncomingMessage['headers'],
): Readonly<Record<string, unknown>> {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

/** What was thrown may be anything. */
function failureOf(error: unknown) {
  try {
    if (error instanceof Error) {
      const { name, message, stack = '' } = error;
      return { errorType: name, errorMessage: message, trace: stack.split('\n') };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return { errorType: 'handled', errorMessage: 'an error that cannot be read was thrown', trace: [] };
  }
}

async function post(path: string, body: unknown): Promise<void> {
  await send('POST', path, JSON.stringify(body));
}

const leave = (): void => exit();

function send(
  method: string,
  path: string,
  sent?: string,
): Promise<{ headers: IncomingMessage['headers']; body: string }> {
  return new Promise((done, failed) => {
    const [host, port] = api.split(':');
    const outgoing = request({ agent, host, port, method, path: `/2018-06-01/runtime/${path}` });
    // A sandbox without its host is nobody's: it must not work on.
    outgoing.on('socket', (socket) => {
      if (socket.listenerCount('close', leave) === 0) socket.once('close', leave);
    });
    outgoing.on('error', failed);
    outgoing.on('response', (incoming) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      incoming.on('end', () => done({ headers: incoming.headers, body })).on('error', failed);
    });
    outgoing.end(sent);
  });
}
