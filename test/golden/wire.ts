import { type Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface WireRequest {
  method: string;
  /** As on the request line: a path, or a whole URL from a client that takes the receiver for its proxy. */
  target: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

export interface WireAnswer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Names and values in turn, as they were written: some SDKs look at the case of names. */
  rawHeaders: readonly string[];
  body: Buffer;
}

/** Sends a request as it is, down to its host header. Rejects if there is no answer. */
export function send(url: string, { method, target, headers, body }: WireRequest, agent?: Agent) {
  return new Promise<WireAnswer>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = { ...headers, 'content-length': String(body.length) };
    const options = { hostname, port, method, path: target, headers: sent, setHost: false };
    const outgoing = request(agent === undefined ? options : { ...options, agent });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const status = incoming.statusCode ?? 0;
      const { rawHeaders } = incoming;
      const answered = headersOf(incoming.headers);
      buffer(incoming).then(
        (received) => resolve({ status, headers: answered, rawHeaders, body: received }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

export function headersOf(headers: Readonly<Record<string, string | string[] | undefined>>) {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return single;
}
