/** Signed webhooks: batches, or parts of them, to a URL. */
import { createHmac } from 'node:crypto';
import { objectIn } from '../credentials/awsAnswer.ts';
import { SettingsError } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { keepSecret } from '../observe/secrets.ts';
import { systemClock } from '../runtime.ts';
import { checkCount, checkUrl } from './core/checks.ts';
import { documentOf, type Entry, entriesOf, jsonOf, type Transform } from './core/entry.ts';
import { headersOf } from './core/headers.ts';
import { type Part, partId, partsOf } from './core/parts.ts';
import { createPost, mayPass, refusedBy, retryAfterMs } from './core/post.ts';
import { type Answer, createSink, DONE, type Runtime, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';

/** Where it goes, how it is signed, and how much of it goes at once. */
export interface HttpSinkOptions extends Runtime {
  readonly url: string;
  /** Signs each request; as `whsec_` and base64, or any text. Requests are not signed unless it is set. */
  readonly secret?: string | undefined;
  /** Sent with each request, such as `{ authorization: 'Bearer …' }`. Their values are kept out of logs. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What becomes an element of the body, which is a JSON array. Unless set, the record as an object. */
  readonly transform?: Transform | undefined;
  /** Most elements of a request; 1,000 unless set. */
  readonly countMax?: number | undefined;
  /** Most bytes of a body; 1 MiB unless set. */
  readonly bytesMax?: number | undefined;
  /** Of one request; 30 s unless set. */
  readonly timeoutMs?: number | undefined;
}

const COUNT_MAX = 1_000;
const BYTES_MAX = 1024 * 1024;
const BYTES_MOST = 64 * 1024 * 1024;
const TIMEOUT_MS_MOST = 900_000;
const COUNT_MOST = 100_000;

/**
 * Posts each batch as a JSON array, in parts if it is long, one after another. Each part has an id, the same whenever the batch comes:
 * whoever keeps the ids that he has seen takes each part once. 2xx: it was taken; with `{ "failed": [2] }` in the answer, but for
 * the elements from the first of these on.
 */
export function httpSink(options: HttpSinkOptions): Sink {
  const { secret, headers: given = {}, transform = documentOf, clock = systemClock, timeoutMs } = options;
  const { countMax = COUNT_MAX, bytesMax = BYTES_MAX } = options;
  const url = checkUrl('httpSink: url', options.url);
  checkCount('httpSink: countMax', countMax, COUNT_MOST);
  checkCount('httpSink: bytesMax', bytesMax, BYTES_MOST);
  if (timeoutMs !== undefined) checkCount('httpSink: timeoutMs', timeoutMs, TIMEOUT_MS_MOST);
  const headers = headersOf('httpSink: headers', given);
  const sign = secret === undefined ? () => ({}) : signerOf(secret);
  const post = createPost({ url, name: 'http', clock, timeoutMs });

  return createSink<Part<string>>(
    {
      name: 'http',
      limits: { countMax: 1, bytesMax },
      // What is sent first is there first.
      parallelMax: 1,
      read: (batch) =>
        partsOf(
          entriesOf(batch, transform, ({ value }) => {
            const text = jsonOf(value);
            // With the comma or bracket behind it; the first bracket is one more byte in all.
            return { value: text, bytes: Buffer.byteLength(text) + 1 };
          }),
          { countMax, bytesMax: bytesMax - 1 },
        ),
      async send([part], batch, signal) {
        const { entries } = part!.value;
        const id = writable(partId(batch.id, part!.value));
        const body = Buffer.from(`[${entries.map(({ value }) => value).join(',')}]`);
        const signed = sign(id, Math.floor(clock.now() / 1_000), body);
        const sent = { 'content-type': 'application/json', 'idempotency-key': id, ...headers, ...signed };
        const response = await post({ headers: sent, body, signal });
        return [answerOf(response, entries, clock.now())];
      },
    },
    options,
  );
}

function answerOf(response: HttpResponse, entries: readonly Entry<string>[], nowMs: number): Answer {
  const { status, body } = response;
  if (status >= 200 && status < 300) return failureIn(body, entries) ?? DONE;
  const error = refusedBy('http', response);
  if (mayPass(response)) return { how: 'again', error, waitMs: retryAfterMs(response, nowMs) };
  // Of several nobody can say which one it is: they come again in halves.
  if (entries.length === 1 && OF_CONTENT.has(status)) return { how: 'refused', error };
  throw error;
}

/** Bad request, too large, not of a kind that is taken, not processable: said of what was sent, not of who sent it. */
const OF_CONTENT = new Set([400, 413, 415, 422]);

/** The first element that was not taken, if the answer names some. */
function failureIn(body: Buffer, entries: readonly Entry<string>[]): Answer | undefined {
  const { failed, error } = objectIn(body.toString()) ?? {};
  if (!Array.isArray(failed)) return undefined;
  const places = failed.filter((place) => entries[place as number] !== undefined);
  if (places.length === 0) return undefined;
  const place = Math.min(...(places as number[]));
  const why = refusedBy('http', { status: 200, headers: {}, body: Buffer.from(String(error ?? body)) });
  return { how: 'refused', record: entries[place]!.record, error: why };
}

/** "Signature scheme", Standard Webhooks 1.0: of id, time and body, with a point between. The id has none itself. */
function signerOf(secret: string) {
  keepSecret(secret);
  if (secret.length < SECRET_CHARACTERS_MIN) {
    throw new SettingsError(
      'httpSink: secret',
      '(hidden)',
      `take one of ${SECRET_CHARACTERS_MIN} characters or more`,
    );
  }
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64');
  return (id: string, seconds: number, body: Buffer): Record<string, string> => {
    const signature = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest('base64');
    return {
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    };
  };
}

const SECRET_CHARACTERS_MIN = 16;

/** As a header takes it. */
const writable = (id: string): string =>
  id.replace(/[^!-~]|[.!]/gu, (character) => `!${Buffer.from(character).toString('hex')}`);
