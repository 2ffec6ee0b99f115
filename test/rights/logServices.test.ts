/** What the key of a function asks a log service for is what the pages say that it must be allowed. */
import diagnostics from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { consume } from '../../lib/index.ts';
import { route as slsRoute } from '../../local/sls/routes.ts';
import { restore } from '../cli/stage.ts';
import { REGION } from '../support/awsService.ts';
import { type Aws, startAws } from './aws.ts';
import { doEverything, roleOf, startStream, TABLE } from './function.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const read = (page: string): string => readFileSync(join(DOCS, page), 'utf8');
const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

// Each of them has a whole group at work, for hours of its time.
vi.setConfig({ testTimeout: 120_000 });

const before = { ...process.env };
let aws: Aws;
/** Operations, as the services' references call them, by the names of hosts that were asked. */
let asked: { host: string; request: IncomingMessage }[];
const note = (message: unknown): void => {
  const { request } = message as { request: IncomingMessage };
  asked.push({ host: request.headers.host ?? '', request });
};

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 31, 12) });
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  aws = await startAws(TABLE);
  aws.policy = [{ Effect: 'Allow', Action: '*', Resource: '*' }];
  Object.assign(process.env, {
    ...{ AWS_REGION: REGION, AWS_ENDPOINT_URL: aws.url },
    ...{ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'the-secret-of-aws' },
    AWS_SESSION_TOKEN: 'the/session+token',
  });
  asked = [];
  diagnostics.subscribe('http.server.request.start', note);
});
afterEach(async () => {
  diagnostics.unsubscribe('http.server.request.start', note);
  vi.useRealTimers();
  vi.restoreAllMocks();
  restore(before);
  await aws.close();
});

async function operationsOf(source: 'sls' | 'cls', coordination: 'own' | 'service'): Promise<string[]> {
  const { logs, config } = await startStream(source);
  const group = { module: 'a.ts', slots: 2, coordination, [source]: config };
  const { environment } = roleOf('orders', group);
  await doEverything(aws, logs, environment);
  // A deployment with other settings, which are those of the service's group, too.
  const changed = { ...environment, SHARDBEAT_SESSION_TIMEOUT: '5m', SHARDBEAT_SETTINGS_VERSION: '2' };
  const context = { getRemainingTimeInMillis: () => 48_000 } as Context;
  await consume({ eachBatch: () => {} }, { environment: changed })({ slot: 'consumer-0' }, context);
  await logs.close();
  const toService = asked.filter(({ request }) => !/aws4_request/.test(request.headers.authorization ?? ''));
  const operations = toService.map(({ request }) => OPERATION[source](request));
  // The stream was filled here.
  return unique(operations).filter((operation) => operation !== 'PutLogs');
}

const OPERATION = {
  sls: ({ method = '', url = '' }: IncomingMessage): string => {
    const { pathname, searchParams } = new URL(url, 'http://unused');
    const request = { method, path: pathname, query: Object.fromEntries(searchParams) };
    return slsRoute(request as never).route.operation;
  },
  cls: ({ url = '', headers }: IncomingMessage): string =>
    String(headers['x-tc-action'] ?? { '/pull_log': 'PullLogs' }[url.split('?')[0]!] ?? 'PutLogs'),
};

/** "RAM authorization", API reference of SLS: of some operations the action is called otherwise. */
const ACTION: Readonly<Record<string, string>> = {
  GetCursor: 'GetCursorOrData',
  GetCursorTime: 'GetCursorOrData',
  PullLogs: 'GetCursorOrData',
  GetCheckPoint: 'GetConsumerGroupCheckPoint',
};

it.each(['own', 'service'] as const)(
  'SLS, with %s coordination: the policy in docs/deploy.md',
  async (coordination) => {
    const [, section = ''] = read('deploy.md').split('### A key for SLS');
    const [own, service] = [...section.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) =>
      JSON.parse(json!),
    );
    const statements = [...own.Statement, ...(coordination === 'service' ? [service] : [])];
    const allowed = statements.flatMap(({ Action }: { Action: string[] }) => Action);
    const operations = await operationsOf('sls', coordination);
    expect(unique(operations.map((name) => `log:${ACTION[name] ?? name}`))).toEqual(unique(allowed));
  },
);

it.each(['own', 'service'] as const)(
  'CLS, with %s coordination: the actions in docs/cls.md',
  async (coordination) => {
    const [, section = ''] = read('cls.md').split('## Permissions');
    const rows = section
      .split('\n## ')[0]!
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const allowed = rows.flatMap((row) => {
      const [, name, when] = row.split('|').map((cell) => cell.trim());
      return when === 'always' || when === `\`${coordination}\`` ? name!.slice(1, -1) : [];
    });
    expect(await operationsOf('cls', coordination)).toEqual(unique(allowed));
  },
);
