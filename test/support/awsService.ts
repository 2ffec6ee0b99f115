/** A service of AWS in this process: what it is sent must be signed as AWS checks it, which is computed here without the SDK. */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { AwsAccount } from '../../lib/credentials/awsCall.ts';
import type { AwsService as ServiceName } from '../../lib/credentials/awsSender.ts';

export const KEY = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'the-secret-of-aws',
  sessionToken: 'the/session+token',
};
export const SECRETS: readonly string[] = [KEY.secretAccessKey, KEY.sessionToken];
export const REGION = 'eu-west-1';
export const account: AwsAccount = { region: async () => REGION, credentials: async () => KEY };

export interface AwsRequestSeen {
  method: string;
  /** Decoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface AwsReply {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface AwsService {
  url: string;
  requests: AwsRequestSeen[];
  /** Asked first; its reply is sent in place of the service's. `lost`: it happens, and no answer comes. */
  fault: (request: AwsRequestSeen) => AwsReply | 'lost' | undefined;
  close(): Promise<void>;
}

export async function startAwsService(
  service: ServiceName,
  handle: (request: AwsRequestSeen) => AwsReply | Promise<AwsReply>,
): Promise<AwsService> {
  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://unused');
    const { method = '', headers } = incoming;
    const body = await buffer(incoming);
    const path = decodeURIComponent(url.pathname);
    const request = { method, path, query: url.searchParams, headers, body };
    made.requests.push(request);
    const isSigned =
      signatureOf(request, service, url.pathname) ===
      /Signature=(\w+)/.exec(headers.authorization ?? '')?.[1];
    const fault = made.fault(request);
    const forbidden: AwsReply = { status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' };
    const reply: AwsReply = isSigned
      ? fault === undefined || fault === 'lost'
        ? await handle(request)
        : fault
      : forbidden;
    if (fault === 'lost') response.destroy();
    else
      response.writeHead(reply.status ?? 200, reply.headers).end(method === 'HEAD' ? undefined : reply.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const made: AwsService = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    fault: () => undefined,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return made;
}

/** "Create a signed AWS API request", IAM user guide. */
function signatureOf(
  { method, path, query, headers, body }: AwsRequestSeen,
  service: string,
  sentPath: string,
): string | undefined {
  const [, date, region, named, signed] =
    /Credential=AKIDEXAMPLE\/(\d{8})\/([\w-]+)\/(\w+)\/aws4_request, ?SignedHeaders=([\w;-]+)/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (date === undefined || region !== REGION || named !== service) return undefined;
  const names = signed!.split(';');
  const needed = [
    'host',
    'x-amz-date',
    'x-amz-security-token',
    ...(service === 's3' ? ['x-amz-content-sha256'] : []),
  ];
  if (needed.some((name) => !names.includes(name))) return undefined;
  const hash = sha256(body);
  if (service === 's3' && headers['x-amz-content-sha256'] !== hash) return undefined;
  const canonical = [
    method,
    // Of all services but S3, what was sent is encoded once more.
    (service === 's3' ? path : sentPath).split('/').map(escaped).join('/'),
    [...query]
      .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    hash,
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${KEY.secretAccessKey}`),
  );
  return createHmac('sha256', key).update(toSign).digest('hex');
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

const escaped = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
