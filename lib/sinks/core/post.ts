/** Requests to one address of HTTP. By what sends all requests of the library: no client of the service is needed. */
import { SourceError, StoreError } from '../../errors.ts';
import { addressOfUrl } from '../../http/address.ts';
import { createExchange, type HttpResponse } from '../../http/exchange.ts';
import { withTimeout } from '../../http/retry.ts';
import { beginningOf } from '../../observe/secrets.ts';
import type { Clock } from '../../runtime.ts';

export interface PostOptions {
  readonly url: URL;
  /** Names it in errors, such as `splunk`. */
  readonly name: string;
  readonly clock: Clock;
  /** Of one request; 30 s unless set. */
  readonly timeoutMs?: number | undefined;
}

export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
  /** Behind the path of the URL, which has none of its own then. */
  readonly query?: URLSearchParams | undefined;
}

/** Gives the answer, whatever its status. Rejects with a retriable `StoreError` where there is none, or with the signal's reason. */
export type Post = (request: PostRequest) => Promise<HttpResponse>;

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const SAID_CHARACTERS_MAX = 500;

export function createPost({ url, name, clock, timeoutMs = TIMEOUT_MS }: PostOptions): Post {
  const address = addressOfUrl(url);
  const exchange = createExchange(address, ANSWER_BYTES_MAX, clock);
  const failure = (what: string, code: string, cause?: unknown): StoreError =>
    new StoreError(`${name}: ${what}`, { code, outcome: 'unknown', retriable: true, cause });
  const timeout = (): StoreError => failure(`no answer within ${timeoutMs} ms`, 'Timeout');

  return async ({ headers, body, signal, query }) => {
    const target = query === undefined ? `${url.pathname}${url.search}` : `${url.pathname}?${query}`;
    const sent = { host: address.host, 'content-length': String(body.length), ...headers };
    try {
      return await withTimeout({ clock, signal, timeoutMs }, timeout, (signal) =>
        exchange({ method: 'POST', target, headers: sent, body, signal }),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof SourceError ? failure(error.message, error.code, error) : error;
    }
  };
}

/** Of an answer that is not success: whether the same request may be taken later. */
export const mayPass = ({ status }: Pick<HttpResponse, 'status'>): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500;

/** The error for an answer that is not success. */
export function refusedBy(name: string, response: HttpResponse, remedy?: string): StoreError {
  const { status, body } = response;
  const said = beginningOf(body.toString('utf8', 0, 4 * SAID_CHARACTERS_MAX), SAID_CHARACTERS_MAX);
  return new StoreError(
    `${name}: ${remedy === undefined ? '' : `${remedy}: `}${status}: ${said || 'no word of why'}`,
    {
      code: `status ${status}`,
      outcome: mayPass(response) && status !== 429 ? 'unknown' : 'refused',
      retriable: mayPass(response),
    },
  );
}

/** How long the service asks to be left alone: "Retry-After", RFC 9110, in seconds or until a date. */
export function retryAfterMs({ headers }: Pick<HttpResponse, 'headers'>, nowMs: number): number {
  const text = headers['retry-after'];
  if (text === undefined) return 0;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
