/** What somebody between a function and a service may answer in its place, to each of the clients. */

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { composeSource } from '../../lib/compose/source.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { createDeployedReader } from '../../lib/credentials/awsDeployed.ts';
import { createCredentials } from '../../lib/credentials/stored.ts';
import { createS3Objects } from '../../lib/delivery/deadLetters/s3Objects.ts';
import { createSqsQueue } from '../../lib/delivery/deadLetters/sqsQueue.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { createDynamodbClient } from '../../lib/group/stores/dynamodbClient.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { createWaitingClock, type Reply, serve, signal } from './support.ts';

const KEY = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
const account = { region: async () => 'eu-west-1', credentials: async () => KEY };
const TOPIC = 'b0000000-0000-4000-8000-000000000000';

/** Each asks once, as a function or an operator does, and would be content with the service's own answer. */
const CLIENTS: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  'the table, reading': (url) => tableAt(url).get('GROUP', { consistent: true, signal }),
  'the table, writing': (url) =>
    tableAt(url).update('GROUP', { set: { paused: true }, condition: { absent: 'generation' } }, { signal }),
  SLS: (url) =>
    sourceOf({
      SHARDBEAT_SOURCE: 'sls',
      SHARDBEAT_SLS_ENDPOINT: url,
      SHARDBEAT_SLS_PROJECT: 'shop',
      SHARDBEAT_SLS_LOGSTORE: 'orders',
      SHARDBEAT_SLS_REGION: 'cn-hangzhou',
      SHARDBEAT_SLS_ACCESS_KEY_ID: 'id',
      SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'secret',
    }).pull({ shard: '0', cursor: '5', closed: false, countMax: 100, signal }),
  CLS: (url) =>
    sourceOf({
      SHARDBEAT_SOURCE: 'cls',
      SHARDBEAT_CLS_ENDPOINT: url,
      SHARDBEAT_CLS_API_ENDPOINT: url,
      SHARDBEAT_CLS_LOGSET: '6f6ded3f-948c-4616-9c7c-956a95d8c1a3',
      SHARDBEAT_CLS_TOPICS: TOPIC,
      SHARDBEAT_CLS_ACCESS_KEY_ID: 'id',
      SHARDBEAT_CLS_ACCESS_KEY_SECRET: 'secret',
    }).pull({ shard: `${TOPIC}:0`, cursor: '5', closed: false, countMax: 100, signal }),
  'Secrets Manager': (url) => secretAt(url, 'secretsmanager'),
  'the Parameter Store': (url) => secretAt(url, 'ssm'),
  'SQS, sending': (url) =>
    createSqsQueue({ url: `${url}/1/letters`, account, ...means() }).send('letter', 'id', { signal }),
  'S3, putting': (url) => bucketAt(url).put('letter', '{}', { absent: true }, { signal }),
  'S3, getting': (url) => bucketAt(url).get('letter', { signal }),
  'S3, listing': (url) => bucketAt(url).list('', undefined, { signal }),
  'S3, removing': (url) => bucketAt(url).remove('letter', '"etag"', { signal }),
  Lambda: (url) =>
    createDeployedReader({ account, endpoints: { lambda: url }, ...means() }).function('orders', signal),
};

afterEach(() => vi.unstubAllEnvs());

const means = () => ({ clock: createWaitingClock(), random: createCountingRandom() });

const bucketAt = (url: string) =>
  createS3Objects({ bucket: 'letters', endpoint: url, account, ...means() } as Parameters<
    typeof createS3Objects
  >[0]);

function tableAt(endpoint: string) {
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', KEY.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEY.secretAccessKey);
  const client = createDynamodbClient(deriveTimes(60_000), createManualClock());
  return createDynamodbStore({ client, table: 'shardbeat', group: 'orders', ...means() });
}

function sourceOf(variables: Record<string, string>) {
  const { clock, random } = means();
  const settings = readSettings({
    SHARDBEAT_GROUP: 'orders',
    SHARDBEAT_TABLE: 'shardbeat',
    SHARDBEAT_INTERVAL: '1m',
    ...variables,
  });
  const logger = createLogger({ level: 'error', write: () => {}, now: clock.now });
  return composeSource(settings, { clock, random, logger, aws: account }).source;
}

const secretAt = async (endpoint: string, service: 'secretsmanager' | 'ssm') =>
  createCredentials({ service, id: 'shop', endpoint, field: 'SHARDBEAT_SLS_SECRET' }, account, {
    clock: createManualClock(),
  })();

const html = (status: number, text: string): Reply => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<!DOCTYPE html><html><head><title>${text}</title></head><body>${text}</body></html>`,
});

const ANSWERS: readonly { what: string; reply: Reply; retriable: boolean }[] = [
  { what: 'a gateway that has lost the service (502)', reply: html(502, 'Bad Gateway'), retriable: true },
  {
    what: 'a gateway that has waited long enough (504)',
    reply: html(504, 'Gateway Time-out'),
    retriable: true,
  },
  { what: 'a gateway that has enough of us (429)', reply: html(429, 'Too Many Requests'), retriable: true },
  { what: 'a proxy that wants to know who asks (407)', reply: html(407, 'Authentication'), retriable: false },
  { what: 'a captive portal (200)', reply: html(200, 'Welcome'), retriable: true },
  { what: 'nothing, as if all were well (200)', reply: { status: 200 }, retriable: true },
  { what: 'an end in mid-answer', reply: 'cut', retriable: true },
  { what: 'a reset', reply: 'reset', retriable: true },
];

/** A gateway that has lost the service, at these addresses. Undefined: this machine has none of that family. */
async function listenAt(host: string): Promise<{ port: number; asked(): number } | undefined> {
  let count = 0;
  const server = createServer((incoming, response) => {
    count++;
    incoming.resume();
    response.writeHead(502).end();
  });
  try {
    await once(server.listen(0, host), 'listening');
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, asked: () => count };
}

describe.each(Object.entries(CLIENTS))('%s', (_client, ask) => {
  it.each(ANSWERS)('takes for no answer of the service: $what', async ({ reply, retriable }) => {
    const server = await serve(reply);
    const error: unknown = await ask(server.url).then(
      (answer) => ({ answer }),
      (error) => error,
    );
    expect(error).toBeInstanceOf(Error);
    const { message } = error as Error;
    expect({ retriable: (error as { retriable?: boolean }).retriable ?? false, message }).toEqual({
      retriable,
      message,
    });
    expect(message.length).toBeLessThan(1_200);
  });

  it.for([
    ['an address of IPv6', '::1', '[::1]'],
    ['a name of which only the address of IPv6 answers', '::1', 'localhost'],
    ['a name of which only the address of IPv4 answers', '127.0.0.1', 'localhost'],
  ] as const)('finds its service at %s', async ([_what, host, name], { skip }) => {
    const server = await listenAt(host);
    if (server === undefined || !(await resolves(name, host)))
      return skip('this machine has no such address');
    await ask(`http://${name}:${server.port}`).catch(() => {});
    expect(server.asked()).toBeGreaterThan(0);
  });
});

describe.each(Object.entries(CLIENTS))('%s, behind a proxy', (_client, ask) => {
  it('asks by way of it, and tells what it answers in place of the service', async () => {
    const proxy = await listenAt('127.0.0.1');
    vi.stubEnv('http_proxy', `http://somebody:password@127.0.0.1:${proxy!.port}`);
    const error = await ask('http://service.example').catch((error: unknown) => error);
    expect(proxy!.asked()).toBeGreaterThan(0);
    expect(error).toMatchObject({ retriable: true });
    expect(String((error as Error).stack)).not.toContain('password');
  });

  it('goes straight to what no proxy is for, and to this machine', async () => {
    const [proxy, server] = [await listenAt('127.0.0.1'), await listenAt('127.0.0.1')];
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${proxy!.port}`);
    vi.stubEnv('NO_PROXY', '.example');
    await ask('http://service.example').catch(() => {});
    await ask(`http://127.0.0.1:${server!.port}`).catch(() => {});
    expect([proxy!.asked(), server!.asked() > 0]).toEqual([0, true]);
  });
});

/** Whether this machine has that address for the name. */
async function resolves(name: string, address: string): Promise<boolean> {
  if (name.startsWith('[')) return true;
  const found = await lookup(name, { all: true });
  return found.some((each) => each.address === address);
}
