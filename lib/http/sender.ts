/** Signed requests to one address, repeated where that helps: what the drivers of all log services have in common. */
import { SourceError } from '../errors.ts';
import { keepSecret } from '../observe/secrets.ts';
import { noTracing, type Tracing } from '../observe/tracing.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Address } from './address.ts';
import { type Credentials, type CredentialsProvider, sameCredentials } from './credentials.ts';
import { createExchange, type HttpRequest, type HttpResponse } from './exchange.ts';
import { type Backoff, retrying, withTimeout } from './retry.ts';

export interface SenderOptions {
  /** Asked before every attempt, so that it may refresh them. What it throws is thrown on. */
  credentials: CredentialsProvider;
  clock: Clock;
  random: Random;
  /** Of one attempt, credentials included. 10 s unless set. */
  timeoutMs?: number | undefined;
  /** No attempt gets longer than this. No limit unless set. */
  timeoutMsMax?: number | undefined;
  /** 3 unless set. */
  attemptsMax?: number | undefined;
  /** Longest answer taken, before and after decompression. 64 MiB unless set. */
  responseBytesMax?: number | undefined;
  /** Told with every answer how far the service's clock is ahead of ours; exact to about a second. */
  onSkew?: ((skewMs: number) => void) | undefined;
  /** A span for each request, with all of its attempts. */
  tracing?: Tracing | undefined;
  /** Told of every answer, with how many bytes its body has as it was transferred. */
  onAnswer?: ((bytes: number) => void) | undefined;
  /** Told of every attempt that failed, whether it is repeated or not. */
  onFailure?: ((why: 'throttled' | 'failed') => void) | undefined;
}

const BACKOFF: Backoff = { firstMs: 200, mostMs: 5_000 };
export const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

/** What tells one service from another. */
export interface Wire<Request> {
  address: Address;
  /** Names a request in errors, such as `GET /logstores/orders/shards`. */
  nameOf(request: Request): string;
  /** The request as it is sent, signed. */
  sign(request: Request, credentials: Credentials, nowMs: number): Omit<HttpRequest, 'signal'>;
  /** Throws a `SourceError` for an answer that is not success. */
  check(response: HttpResponse, name: string): void;
  /** Whether the service refused who asked, and not what was asked. */
  isAuthFailure(error: SourceError): boolean;
  /** Whether the service refused the time at which a request was signed. Never, unless set. */
  isClockFailure?(error: SourceError): boolean;
  /** Attempts for what was refused for a quota, or could not connect. As all others unless set. */
  refusedAttemptsMax?: number;
}

export interface SenderRequest {
  /** Whether doing it twice does no harm. */
  idempotent: boolean;
  signal: AbortSignal;
}

/**
 * Sends one request. Rejects with a `SourceError` (the service's code, or `Timeout`, `NetworkError`, `BadResponse`), or
 * with the signal's reason.
 *
 * Repeated, after a random wait: what is retriable; of requests that are not idempotent only what certainly did not
 * happen. Sent again at once: what was refused for its credentials, if others are there.
 */
export type Sender<Request> = (request: Request) => Promise<HttpResponse>;

export function createSender<Request extends SenderRequest>(
  options: SenderOptions,
  wire: Wire<Request>,
): Sender<Request> {
  const { clock, random, attemptsMax = 3, tracing = noTracing } = options;
  const timeoutMs = Math.min(options.timeoutMs ?? 10_000, options.timeoutMsMax ?? Number.POSITIVE_INFINITY);
  const { refusedAttemptsMax = attemptsMax } = wire;
  const exchange = createExchange(wire.address, options.responseBytesMax ?? RESPONSE_BYTES_MAX, clock);
  /** What the service's clock is ahead of ours, by its last answer; and by how much the time of signing is corrected. */
  let skewMs = 0;
  let correctionMs = 0;

  const send = async (request: Request, credentials: Credentials, signal: AbortSignal) => {
    const sentAt = clock.now();
    const response = await exchange({ ...wire.sign(request, credentials, sentAt + correctionMs), signal });
    options.onAnswer?.(response.body.length);
    const serviceTime = Date.parse(response.headers.date ?? '');
    if (!Number.isNaN(serviceTime)) {
      // The header has whole seconds, so the service's clock shows half a second more on average.
      skewMs = serviceTime + 500 - (sentAt + clock.now()) / 2;
      options.onSkew?.(skewMs);
    }
    wire.check(response, wire.nameOf(request));
    return response;
  };

  /** What the service refused for who asked, or when, did nothing yet: any request may be sent once more. */
  const attempt = async (request: Request, signal: AbortSignal): Promise<HttpResponse> => {
    const credentials = await options.credentials();
    keepSecret(credentials.accessKeySecret, credentials.securityToken);
    try {
      return await send(request, credentials, signal);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (wire.isClockFailure?.(error) && Math.abs(skewMs - correctionMs) > CORRECTION_MS_MIN) {
        correctionMs = skewMs;
        return send(request, credentials, signal);
      }
      if (!wire.isAuthFailure(error)) throw error;
      const others = await options.credentials(credentials);
      keepSecret(others.accessKeySecret, others.securityToken);
      if (sameCredentials(others, credentials)) throw error;
      return send(request, others, signal);
    }
  };

  const attemptsMaxAfter = (error: unknown, idempotent: boolean): number => {
    if (error instanceof SourceError) options.onFailure?.(isThrottled(error) ? 'throttled' : 'failed');
    if (!isRepeatable(error, idempotent)) return 0;
    return error.outcome === 'refused' ? refusedAttemptsMax : attemptsMax;
  };

  return async (request) => {
    const { signal, idempotent } = request;
    const timeoutError = (): SourceError =>
      new SourceError(`${wire.nameOf(request)}: no answer within ${timeoutMs} ms`, {
        code: 'Timeout',
        status: 0,
        retriable: true,
      });
    return tracing.span('request', { request: wire.nameOf(request), service: wire.address.hostname }, () =>
      retrying(
        { clock, random, signal, backoff: BACKOFF },
        (error) => attemptsMaxAfter(error, idempotent),
        () => withTimeout({ clock, signal, timeoutMs }, timeoutError, (signal) => attempt(request, signal)),
      ),
    );
  };
}

/** Whether the service refused a request for a quota. */
const isThrottled = ({ outcome, status, retriable }: SourceError): boolean =>
  outcome === 'refused' && retriable && status > 0;

/** A smaller difference is within the precision of the `Date` header. */
const CORRECTION_MS_MIN = 2_000;

/** Whether repeating a request may help, and cannot do harm. */
function isRepeatable(error: unknown, idempotent: boolean): error is SourceError {
  return error instanceof SourceError && error.retriable && (idempotent || error.outcome === 'refused');
}
