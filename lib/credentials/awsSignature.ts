import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';

/** What the AWS SDK's credential providers give. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface AwsRequest {
  /** As IAM calls it, such as `ssm`. */
  service: string;
  region: string;
  /** POST unless set. */
  method?: string;
  /** Percent-encoded; `/` unless set. */
  path?: string;
  query?: Readonly<Record<string, string>>;
  /** Every header that is sent but the ones that signing adds; names in lower case, `host` included. */
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array;
}

/**
 * Signature version 4, by the signer that the DynamoDB client brings along. Returns the headers to send.
 */
export async function signAwsRequest(
  { service, region, method = 'POST', path = '/', query = {}, headers, body }: AwsRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  nowMs: number,
): Promise<Record<string, string>> {
  const isS3 = service === 's3';
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    sha256: Sha256,
    // As a header of its own the checksum is wanted by S3 only, which also takes paths as they are.
    applyChecksum: isS3,
    uriEscapePath: !isS3,
  });
  const request = {
    method,
    protocol: 'https:',
    hostname: headers.host ?? '',
    path,
    query: { ...query },
    headers: { ...headers },
    body,
  };
  return (await signer.sign(request, { signingDate: new Date(nowMs) })).headers;
}

/** As AWS encodes what stands in a path or a query. */
export const escapeAws = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
