import { createHash, createHmac } from 'node:crypto';

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

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Signature version 4 of a POST to `/`, which is all that AWS's JSON protocol has. Returns the headers to send. Source: IAM User
 * Guide, "Create a signed AWS API request"; the tests reproduce a vector of AWS's test suite, and compare with the AWS SDK.
 */
export function signAwsRequest(
  { service, region, headers: given, body }: AwsRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  nowMs: number,
): Record<string, string> {
  const dateTime = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const token = sessionToken ? { 'x-amz-security-token': sessionToken } : {};
  const headers: Record<string, string> = { ...given, 'x-amz-date': dateTime, ...token };
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    '/',
    '',
    ...names.map((name) => `${name}:${headers[name]!.trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const date = dateTime.slice(0, 8);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const text = [ALGORITHM, dateTime, scope, sha256(canonical)].join('\n');
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
