import snappy from 'snappyjs';
import { createClsClient } from '../../../lib/sources/cls/client.ts';
import { formatJson } from '../../../lib/sources/cls/json.ts';
import type { TransportOptions } from '../../../lib/sources/cls/transport.ts';
import { encodeLogGroup, type LogGroup } from '../../../local/clients/cls/logGroup.ts';
import { createWaitingClock, type Reply, TIMEOUT_MS } from '../../http/support.ts';
import { createCountingRandom } from '../../support/clock.ts';

export {
  type Received,
  type Reply,
  type ScriptedServer,
  serve,
  signal,
  TIMEOUT_MS,
} from '../../http/support.ts';

export const LOGSET = '11111111-1111-4111-8111-111111111111';
export const TOPIC = '22222222-2222-4222-8222-222222222222';
export const CREDENTIALS = { accessKeyId: 'the-id', accessKeySecret: 'the-secret' };

/** Options of a transport to `server`, for both planes, as a user would leave them, but for the clock. */
export function optionsFor(server: { url: string }) {
  return {
    region: 'ap-guangzhou',
    endpoint: server.url,
    apiEndpoint: server.url,
    credentials: () => CREDENTIALS,
    clock: createWaitingClock(),
    random: createCountingRandom(),
    timeoutMs: TIMEOUT_MS,
  } satisfies TransportOptions;
}

export const clientOf = (server: { url: string }) =>
  createClsClient({ ...optionsFor(server), logset: LOGSET });

/** An answer of the control plane. */
export function controlReply(response: Record<string, unknown>): Reply {
  const body = formatJson({ Response: { ...response, RequestId: 'REQUEST-1' } });
  return { headers: { 'content-type': 'application/json' }, body };
}

/** A refusal of the control plane: with status 200. */
export const controlRefusal = (Code: string, Message = `the message of ${Code}`): Reply =>
  controlReply({ Error: { Code, Message } });

/** A refusal of the data plane. */
export function dataRefusal(status: number, errorcode: string): Reply {
  const body = JSON.stringify({ errorcode, errormessage: `the message of ${errorcode}` });
  return { status, headers: { 'X-Cls-Requestid': 'REQUEST-1' }, body };
}

/** An answer to a pull. */
export function pulled(response: Record<string, unknown>, headers: Record<string, string> = {}): Reply {
  const body = snappy.compress(Buffer.from(formatJson({ Response: response })));
  return { headers: { 'X-Cls-Requestid': 'REQUEST-1', ...headers }, body };
}

/** The head of a frame, written by the layout that the SDKs read. */
export function frame(
  group: Uint8Array,
  { version = 130, size = group.length, time = 1_763_700_000n } = {},
): Buffer {
  const head = Buffer.alloc(96);
  head.writeInt32BE(version, 0);
  head.writeBigInt64BE(time, 4);
  head.writeBigInt64BE(100_000_000_001n, 12);
  head.write(LOGSET, 20, 'latin1');
  head.write(TOPIC, 56, 'latin1');
  head.writeInt32BE(size, 92);
  return Buffer.concat([head, group]);
}

export const message = (group: LogGroup): string => frame(encodeLogGroup(group)).toString('base64');

/** One message with a record for each line. */
export const messageOf = (...lines: string[]): string =>
  message({ logs: lines.map((line) => ({ timeMs: 1_763_700_000_123.456, fields: { line } })) });
