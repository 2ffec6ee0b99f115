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
  /** Every header that is sent but the ones that signing adds; names in lower case, `host` included. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

/**
 * Signature version 4 of a POST to `/`, which is all that AWS's JSON protocol has, by the signer that the DynamoDB client brings
 * along. Returns the headers to send.
 */
export async function signAwsRequest(
  { service, region, headers, body }: AwsRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  nowMs: number,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    sha256: Sha256,
    // As a header of its own the checksum is wanted by S3 only.
    applyChecksum: false,
  });
  const request = {
    method: 'POST',
    protocol: 'https:',
    hostname: headers.host ?? '',
    path: '/',
    headers: { ...headers },
    body,
  };
  return (await signer.sign(request, { signingDate: new Date(nowMs) })).headers;
}
