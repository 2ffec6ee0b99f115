/** The five calls of S3 that dead letters need. */
import { bucketAddress, s3RefusalIn, unescapeXml, xmlField } from '../../credentials/awsS3.ts';
import {
  type AwsSender,
  type AwsSenderOptions,
  type AwsWords,
  createAwsSender,
  isSuccess,
  refused,
  unusable,
} from '../../credentials/awsSender.ts';
import { escapeAws } from '../../credentials/awsSignature.ts';
import type { HttpResponse } from '../../http/exchange.ts';
import type { CallOptions } from './deadLetters.ts';

/** The bucket is where the account is. */
export interface S3Options extends Omit<AwsSenderOptions, 'service' | 'originIn'> {
  bucket: string;
  /** Another address than the region's: buckets are then named in its paths. */
  endpoint?: string | undefined;
}

/** Objects of a bucket by their keys. An ETag is the version of one. */
export interface S3Objects {
  get(key: string, options: CallOptions): Promise<{ text: string; etag: string } | undefined>;
  exists(key: string, options: CallOptions): Promise<boolean>;
  /** Undefined: the condition does not hold. */
  put(
    key: string,
    text: string,
    condition: PutCondition,
    options: CallOptions,
  ): Promise<{ etag: string } | undefined>;
  /** `absent`: there is none. */
  remove(key: string, etag: string, options: CallOptions): Promise<'removed' | 'absent' | 'refused'>;
  /** Keys in order, a page of them. */
  list(prefix: string, after: string | undefined, options: CallOptions): Promise<KeyPage>;
}

export type PutCondition = { absent: true } | { etag: string };
export interface KeyPage {
  keys: string[];
  /** Where the next page begins; undefined: this was the last. */
  next: string | undefined;
}

/** Two who write at the same moment are told to try again. */
const CONFLICTS_MAX = 5;

export function createS3Objects(options: S3Options): S3Objects {
  const { bucket } = options;
  const { originIn, root } = bucketAddress(options);
  const words = wordsOf(bucket);
  const send = createAwsSender({ ...options, service: 's3', originIn }, words);
  const pathOf = (key: string): string => root + key.split('/').map(escapeAws).join('/');
  const call = callOf(send, words);
  const missing = (response: HttpResponse): boolean => s3RefusalIn(response).code === 'NoSuchBucket';

  return {
    async get(key, { signal }) {
      const request = { action: 's3:GetObject', method: 'GET', path: pathOf(key), signal };
      const { status, body, headers } = await call(
        request,
        (response) => response.status === 404 && !missing(response),
      );
      return status === 404 ? undefined : { text: body.toString(), etag: etagIn(headers, request.action) };
    },
    async exists(key, { signal }) {
      const request = { action: 's3:GetObject', method: 'HEAD', path: pathOf(key), signal };
      // Without a body, nothing tells a bucket that is missing: whoever puts is told.
      const { status, headers } = await call(request, (response) => response.status === 404);
      return status !== 404 && etagIn(headers, request.action) !== '';
    },
    async put(key, text, condition, { signal }) {
      const headers = {
        'content-type': 'application/json',
        ...('absent' in condition ? { 'if-none-match': '*' } : { 'if-match': condition.etag }),
      };
      // Repeated after an answer that was lost, it is refused for what it has done itself.
      const request = { action: 's3:PutObject', method: 'PUT', path: pathOf(key), headers, body: text };
      for (let conflicts = 0; ; conflicts++) {
        const response = await call({ ...request, signal }, (response) => {
          return (
            response.status === 412 ||
            response.status === 409 ||
            (response.status === 404 && !missing(response))
          );
        });
        if (isSuccess(response.status)) return { etag: etagIn(response.headers, request.action) };
        if (response.status !== 409) return undefined;
        if (conflicts === CONFLICTS_MAX) throw refused(response, request.action, words);
      }
    },
    async remove(key, etag, { signal }) {
      const headers = { 'if-match': etag };
      const request = { action: 's3:DeleteObject', method: 'DELETE', path: pathOf(key), headers };
      const { status } = await call({ ...request, signal }, (response) => {
        return (
          response.status === 412 ||
          response.status === 409 ||
          (response.status === 404 && !missing(response))
        );
      });
      if (status === REMOVED) return 'removed';
      if (isSuccess(status)) throw unusable(request.action, status);
      return status === 404 ? 'absent' : 'refused';
    },
    async list(prefix, after, { signal }) {
      const query = {
        'list-type': '2',
        prefix,
        'encoding-type': 'url',
        ...(after && { 'continuation-token': after }),
      };
      const request = { action: 's3:ListBucket', method: 'GET', path: root, query, signal };
      const { status, body } = await call(request, () => false);
      const xml = body.toString();
      if (!xml.includes('<ListBucketResult')) throw unusable(request.action, status);
      return keysIn(xml);
    },
  };
}

/** Sends, and throws for what is neither success nor expected. */
const callOf =
  (send: AwsSender, words: AwsWords) =>
  async (
    request: Parameters<AwsSender>[0],
    isExpected: (response: HttpResponse) => boolean,
  ): Promise<HttpResponse> => {
    const response = await send(request);
    if (isSuccess(response.status) || isExpected(response)) return response;
    throw refused(response, request.action, words);
  };

function wordsOf(bucket: string): AwsWords {
  const named = `the bucket ${JSON.stringify(bucket)} of SHARDBEAT_DEAD_LETTERS`;
  return {
    refusalIn: s3RefusalIn,
    remedyFor: (code, action) => {
      if (code === 'NoSuchBucket')
        return `there is no bucket ${JSON.stringify(bucket)}: make it, or correct SHARDBEAT_DEAD_LETTERS`;
      if (/Redirect|AuthorizationHeaderMalformed|IllegalLocationConstraint/.test(code)) {
        return `${named} is not in the region of the function: take one that is`;
      }
      if (/AccessDenied|status 403/.test(code)) return `let the function's role do ${action} in ${named}`;
      return undefined;
    },
  };
}

const REMOVED = 204;

/** What S3 says of every object. Whoever answers without it is somebody else, such as a gateway. */
function etagIn({ etag }: HttpResponse['headers'], action: string): string {
  if (!etag) throw unusable(action, 200);
  return etag;
}

function keysIn(xml: string): KeyPage {
  const keys = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) =>
    decodeURIComponent(unescapeXml(key!)),
  );
  const next = xmlField('NextContinuationToken', xml);
  return { keys, next: next && unescapeXml(next) };
}
