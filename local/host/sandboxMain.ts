/**
 * The sandbox's own process: loads the bundle named on its command line and calls its `handler` whenever the host says so.
 * Run by sandbox.ts, never imported.
 */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { explain, messageOf } from '../../lib/observe/plainError.ts';
import {
  type InvokeMessage,
  LAST_WORDS,
  type LastWords,
  MEMORY_MB,
  type SandboxMessage,
} from './messages.ts';

type Handler = (event: unknown, context: unknown) => unknown;

const [bundle = '', functionName = ''] = process.argv.slice(2);

// As on Lambda, a function has nobody to send anything to: what it did send would be taken for an answer.
const sendToHost = process.send?.bind(process);
delete process.send;
// A sandbox without its host is nobody's: it must not work on.
process.once('disconnect', () => process.exit());
// Ctrl-C in a terminal reaches every process of the group; when the sandbox ends is the host's business.
process.on('SIGINT', () => {});
// Of what nobody has caught the process ends, as on Lambda; it says why while it still can.
process.on('uncaughtException', (error, origin) => {
  const why = origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception';
  const [firstLine] = messageOf(error).split('\n', 1);
  tell({ words: `${why}: ${firstLine}`, details: explain(error) });
  process.exit(1);
});

try {
  const { handler }: { handler?: Handler } = await import(pathToFileURL(bundle).href);
  if (typeof handler !== 'function') throw new TypeError(`${bundle} exports no function named handler`);
  process.on('message', (message: InvokeMessage) => void answer(handler, message));
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'failed', error: describe(error) });
  process.disconnect();
}

async function answer(handler: Handler, { event, requestId, deadlineMs }: InvokeMessage): Promise<void> {
  try {
    const result = await handler(event, createContext(requestId, deadlineMs));
    send({ kind: 'answered', result });
  } catch (error) {
    send({ kind: 'failed', error: describe(error) });
  }
}

/** As the Lambda service describes an invocation to its function. */
function createContext(requestId: string, deadlineMs: number): Readonly<Record<string, unknown>> {
  return {
    awsRequestId: requestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${functionName}`,
    memoryLimitInMB: String(MEMORY_MB),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `local/${process.pid}`,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

function send(message: SandboxMessage): void {
  // The host may have gone in between; `disconnect` then ends this process.
  if (process.connected) sendToHost?.(message);
}

function describe(error: unknown): string {
  return explain(error);
}

/** In one go: what is written in the background is lost when the process ends. */
function tell(words: LastWords): void {
  try {
    writeSync(process.stderr.fd, `${LAST_WORDS}${JSON.stringify(words)}\n`);
  } catch {
    // Nobody reads it.
  }
}
