/** What is S3's own: how buckets are addressed, and its words for a refusal, which are XML. */
import type { HttpResponse } from '../http/exchange.ts';
import type { AwsRefusal } from './awsAnswer.ts';
import { endpointOf } from './awsCall.ts';

export interface BucketPlace {
  bucket: string;
  /** Another address than the region's: buckets are then named in its paths. */
  endpoint?: string | undefined;
}

/** Where the requests for a bucket go, and how their paths begin. */
export function bucketAddress({ bucket, endpoint }: BucketPlace): {
  originIn: (region: string) => string;
  root: string;
} {
  if (endpoint !== undefined) return { originIn: () => endpoint, root: `/${bucket}/` };
  // A certificate is for one name in front of the domain.
  if (bucket.includes('.')) return { originIn: (region) => endpointOf('s3', region), root: `/${bucket}/` };
  return { originIn: (region) => endpointOf(`${bucket}.s3`, region), root: '/' };
}

/** The code and message of an answer that is not success. */
export function s3RefusalIn({ body, status }: HttpResponse): AwsRefusal {
  const text = body.toString();
  const message = xmlField('Message', text) ?? (text || 'no error message');
  return { code: xmlField('Code', text) || `status ${status}`, message: unescapeXml(message) };
}

export const xmlField = (name: string, xml: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

export const unescapeXml = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|quot|apos|amp));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()]!;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
