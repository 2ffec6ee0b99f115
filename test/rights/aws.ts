/** All services of AWS behind one address, which does only what a policy allows, and notes what is asked for. */
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '../../lib/runtime.ts';
import {
  type AwsReply,
  type AwsRequestSeen,
  type AwsService,
  REGION,
  startAwsService,
} from '../support/awsService.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';
import { type S3Service, startS3Service } from '../support/s3Service.ts';
import { type SqsService, startSqsService } from '../support/sqsService.ts';
import { type Call, callsIn, isAllowed, type Statement } from './iam.ts';

export interface Aws {
  url: string;
  /** What those who ask may do. */
  policy: readonly Statement[];
  /** What was allowed, and what was not. */
  allowed: Call[];
  denied: Call[];
  /** What Lambda's and the scheduler's API answer. */
  answers: Record<'lambda' | 'scheduler', (request: AwsRequestSeen) => AwsReply>;
  /** What is in the secret and in the parameter. */
  stored: string;
  table: LocalTable;
  s3: S3Service;
  sqs: SqsService;
  close(): Promise<void>;
}

export async function startAws(tableName: string): Promise<Aws> {
  const table = await startLocalTable(tableName);
  const [s3, sqs] = [await startS3Service(), await startSqsService()];
  sqs.clock = systemClock;
  const answers: Aws['answers'] = { lambda: () => ({ status: 404 }), scheduler: () => ({ status: 404 }) };
  const events = await startAwsService('events', ({ body }) => {
    const { Entries } = JSON.parse(body.toString()) as { Entries: object[] };
    return { body: JSON.stringify({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: '1' })) }) };
  });
  const lambda = await startAwsService('lambda', (request) => answers.lambda(request));
  const scheduler = await startAwsService('scheduler', (request) => answers.scheduler(request));
  const services: Record<string, Pick<AwsService, 'url'>> = {
    ...{ s3, sqs, events, lambda, scheduler },
    dynamodb: { url: table.service.endpoint },
  };

  const server = createServer(async (incoming, response) => {
    const { method = '', headers, url: target = '' } = incoming;
    const body = await buffer(incoming);
    const service = /\/([a-z0-9]+)\/aws4_request/.exec(headers.authorization ?? '')?.[1] ?? '';
    const { pathname, searchParams: query } = new URL(target, 'http://unused');
    const seen = { method, path: decodeURIComponent(pathname), query, headers, body };
    const calls = callsIn(service, REGION, seen);
    const denied = calls.filter((call) => !isAllowed(aws.policy, call));
    aws.allowed.push(...calls.filter((call) => !denied.includes(call)));
    aws.denied.push(...denied);
    if (denied.length > 0) return void respond(response, { status: 403, body: DENIED });
    const upstream = services[service];
    if (upstream === undefined) return void respond(response, { body: aws.stored });
    const reply = await forward(upstream.url + target, method, headers, body);
    respond(response, reply);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const aws: Aws = {
    ...{ url: `http://127.0.0.1:${port}`, policy: [], allowed: [], denied: [], answers, stored: '' },
    ...{ table, s3, sqs },
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all([table, s3, sqs, events, lambda, scheduler].map((service) => service.close()));
    },
  };
  return aws;
}

const DENIED = JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized' });

/** With the time of the test, since clients take a service's clock for the true one. */
function respond(response: ServerResponse, { status = 200, headers, body }: AwsReply): void {
  response.writeHead(status, { ...headers, date: new Date().toUTCString() }).end(body);
}

async function forward(
  url: string,
  method: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<AwsReply> {
  // What was signed for this address stays as it is.
  const sent = httpRequest(url, { method, headers, setHost: false }).end(body);
  const [answer] = await once(sent, 'response');
  const { 'transfer-encoding': _, ...others } = answer.headers;
  return { status: answer.statusCode, headers: others, body: (await buffer(answer)).toString() };
}
