import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import snappy from 'snappyjs';
import { type Fields, formatJson } from '../../lib/sources/cls/json.ts';
import type { Answer } from '../service/answer.ts';
import { asRefusal } from '../service/refusal.ts';
import { readRequest, type WireRequest } from '../service/request.ts';
import { RAW_BYTES_MAX } from './codec.ts';
import { refuse, refuseData } from './errors.ts';
import { type Plane, planeOfTarget } from './plane.ts';

/** API 3.0, signature version 3: a request has at most 10 MB. */
const CONTROL_BYTES_MAX = 10 * 1024 ** 2;

/** Reads a request to its end. Refuses with RequestSizeLimitExceeded or LogSizeExceed; rejects if the sender goes away. */
export function readClsRequest(incoming: IncomingMessage): Promise<WireRequest> {
  if (planeOfTarget(incoming.url) === 'control') {
    return readRequest(incoming, { bytesMax: CONTROL_BYTES_MAX, tooLarge: refuse.bodyTooLarge });
  }
  const tooLarge = (bytes: number, bytesMax: number) =>
    refuseData.logSizeExceed(`A body of ${bytes} bytes exceeds the limit of ${bytesMax}.`);
  // What was compressed is smaller, unless it could not be compressed.
  return readRequest(incoming, { bytesMax: 2 * RAW_BYTES_MAX, tooLarge });
}

/** An answer of the control plane: with status 200 whether it is success or not, unless a fault says otherwise. */
export function controlAnswer(response: Fields, requestId: string, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(formatJson({ Response: { ...response, RequestId: requestId } })),
  };
}

/** An answer of the data plane as consumers get it: JSON in one raw snappy block. */
export function snappyAnswer(response: Fields): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: snappy.compress(Buffer.from(formatJson({ Response: response }))),
  };
}

/** The answer to a failed request. */
export function failure(error: unknown, plane: Plane, requestId: string): Answer {
  const { status, code, message } = asRefusal(error, 'InternalError');
  if (plane === 'control')
    return controlAnswer({ Error: { Code: code, Message: message } }, requestId, status);
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ errorcode: code, errormessage: message })),
  };
}

/** An answer with the headers that all answers have in common. */
export function withCommonHeaders(answer: Answer, requestId: string): Answer {
  return { ...answer, headers: { server: 'nginx', 'X-Cls-Requestid': requestId, ...answer.headers } };
}
