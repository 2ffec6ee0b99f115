import { createHash } from 'node:crypto';
import { type AwsReply, type AwsRequestSeen, type AwsService, startAwsService } from './awsService.ts';

/** A page of keys; S3's has a thousand. */
const PAGE_KEYS = 3;

export interface S3Service extends AwsService {
  /** By bucket and key, as `letters/orders/0/1.json`. */
  objects: Map<string, string>;
}

interface Bucket {
  name: string;
  /** How bytes are told as text. */
  encoding: 'utf8' | 'latin1';
}

/** One bucket of S3, with conditional writes and deletes. */
export async function startS3Service(
  bucket: Bucket = { name: 'letters', encoding: 'utf8' },
): Promise<S3Service> {
  const objects = new Map<string, string>();
  const service = await startAwsService('s3', (request) => answer(objects, bucket, request));
  return Object.assign(service, { objects });
}

const etagOf = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;
const error = (status: number, code: string): AwsReply => ({
  status,
  body: `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>said of ${code} &amp; so on</Message></Error>`,
});

function answer(
  objects: Map<string, string>,
  bucket: Bucket,
  { method, path, query, headers, body }: AwsRequestSeen,
): AwsReply {
  const name = path.slice(1);
  if (!name.startsWith(`${bucket.name}/`)) return error(404, 'NoSuchBucket');
  if (query.get('list-type') === '2') return listed(objects, bucket, query);
  const found = objects.get(name);
  const etag = found === undefined ? undefined : etagOf(found);
  if (headers['if-none-match'] === '*' && found !== undefined) return error(412, 'PreconditionFailed');
  const wanted = headers['if-match'];
  if (wanted !== undefined && found === undefined) return error(404, 'NoSuchKey');
  if (wanted !== undefined && wanted !== etag) return error(412, 'PreconditionFailed');
  if (method === 'PUT') {
    const text = body.toString(bucket.encoding);
    objects.set(name, text);
    return { headers: { etag: etagOf(text) } };
  }
  if (method === 'DELETE') {
    objects.delete(name);
    return { status: 204 };
  }
  return found === undefined ? error(404, 'NoSuchKey') : { headers: { etag: etag! }, body: found };
}

function listed(objects: Map<string, string>, bucket: Bucket, query: URLSearchParams): AwsReply {
  const after = query.get('continuation-token') ?? '';
  const keys = [...objects.keys()]
    .map((name) => name.slice(bucket.name.length + 1))
    .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
    .sort();
  const page = keys.slice(0, PAGE_KEYS);
  const contents = page.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`).join('');
  const next = keys.length > PAGE_KEYS ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  return { body: `<ListBucketResult>${next}${contents}</ListBucketResult>` };
}
