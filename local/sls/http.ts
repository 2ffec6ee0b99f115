import type { IncomingMessage } from 'node:http';
import { type Answer, json, NOTHING } from '../service/answer.ts';
import { asRefusal } from '../service/refusal.ts';
import { type BodyLimit, readRequest, type WireRequest } from '../service/request.ts';
import { BODY_BYTES_MAX } from './codec.ts';
import { refuse } from './errors.ts';

export interface SlsRequest extends WireRequest {
  /** First label of the host name: requests are addressed to `{project}.{endpoint}`. Empty if there is none. */
  readonly project: string;
}

const BODY_LIMIT: BodyLimit = { bytesMax: BODY_BYTES_MAX, tooLarge: refuse.bodyTooLarge };

/** Success without a body. No content type: the Node SDK parses a body of type JSON even if it is empty. */
export const DONE: Answer = { status: 200, headers: {}, body: NOTHING };

/** The answer to a failed request. */
export function failure(error: unknown): Answer {
  const { status, code, message } = asRefusal(error, 'InternalServerError');
  return json({ errorCode: code, errorMessage: message }, status);
}

/** Reads a request to its end. Refuses with PostBodyTooLarge, InvalidHost; rejects if the sender goes away. */
export async function readSlsRequest(incoming: IncomingMessage): Promise<SlsRequest> {
  const request = await readRequest(incoming, BODY_LIMIT);
  return { ...request, project: projectOfHost(request.headers.host ?? '') };
}

/** Hosts of the live service that name no project: an SDK sends them where it goes through a proxy. */
const BARE_ENDPOINT = /^([a-z0-9-]+\.(log|sls)|log-global)\.aliyuncs\.com$/;

/**
 * `my-project` of `my-project.cn-hangzhou.log.aliyuncs.com` or `my-project.127.0.0.1:8080`; nothing of `127.0.0.1`,
 * `localhost` or `cn-hangzhou.log.aliyuncs.com`. The Python SDK sends such a host even where it connects to a bare address.
 */
export function projectOfHost(host: string): string {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!/^[a-z0-9.-]+$/.test(name)) throw refuse.invalidHost(host);
  if (name === 'localhost' || /^\d+(\.\d+){3}$/.test(name) || BARE_ENDPOINT.test(name)) return '';
  return name.split('.')[0]!;
}

/** An answer with the headers that all answers have in common. */
export function withCommonHeaders(answer: Answer, requestId: string): Answer {
  return { ...answer, headers: { server: 'nginx', 'x-log-requestid': requestId, ...answer.headers } };
}
