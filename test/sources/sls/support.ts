import type { TransportOptions } from '../../../lib/sources/sls/transport.ts';
import {
  createWaitingClock,
  type Reply,
  type ScriptedServer,
  serve as serveAny,
  TIMEOUT_MS,
} from '../../http/support.ts';
import { createCountingRandom } from '../../support/clock.ts';

export { type Received, type Reply, type ScriptedServer, signal, TIMEOUT_MS } from '../../http/support.ts';

/** As the service, which gives every answer an id. */
export function serve(...replies: Reply[]): Promise<ScriptedServer> {
  return serveAny(
    ...replies.map((reply) =>
      typeof reply === 'string'
        ? reply
        : { ...reply, headers: { 'x-log-requestid': 'REQUEST', ...reply.headers } },
    ),
  );
}

export const CREDENTIALS = { accessKeyId: 'the-id', accessKeySecret: 'the-secret' };

/** A refusal as the service words it. */
export function refusal(status: number, errorCode: string): Reply {
  const body = JSON.stringify({ errorCode, errorMessage: `the message of ${errorCode}` });
  return { status, headers: { 'x-log-requestid': 'REQUEST-1', 'content-type': 'application/json' }, body };
}

/** Options of a transport to `server`, as a user would leave them, but for the clock. */
export function optionsFor(server: { url: string }) {
  const clock = createWaitingClock();
  return {
    endpoint: server.url,
    project: 'shop',
    region: 'cn-hangzhou',
    credentials: () => CREDENTIALS,
    clock,
    random: createCountingRandom(),
    timeoutMs: TIMEOUT_MS,
  } satisfies TransportOptions;
}
