/** Whoever asks AWS for something may do that, and nothing else: what is sent is held against what is granted, both ways. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import type { GroupConfig, ProviderConfig } from '../../infra/plugin/config.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import type { LogService } from '../../local/run/services/service.ts';
import { restore, typed } from '../cli/stage.ts';
import { REGION } from '../support/awsService.ts';
import { COUNTERS_TABLE } from '../support/counters.ts';
import { type Aws, startAws } from './aws.ts';
import { countAlong, doEverything, roleOf, startStream, TABLE } from './function.ts';
import { ACCOUNT, type Statement } from './iam.ts';
import { deploy, LETTERS, operatorsMay, TARGET, typing } from './operators.ts';

const ROOT = join(import.meta.dirname, '../..');
const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();
const actionsOf = (statements: readonly Statement[]): string[] =>
  unique(statements.flatMap(({ Action }) => Action));

/** What the platform does in the function's name, before and beside its code. */
const OF_THE_PLATFORM = new Set(['WriteItsLog', 'BeInItsVpc', 'Trace', 'DecryptItsEnvironment']);

/** All that was asked for in any of these tests. */
const sent = new Set<string>();
// Each of them has a whole group at work, for hours of its time.
vi.setConfig({ testTimeout: 120_000 });

const before = { ...process.env };
let aws: Aws;
const called = (): string[] => unique(aws.allowed.map(({ action }) => action));

async function open(): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 31, 12) });
  // Each tick measures itself.
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  aws = await startAws(TABLE);
  Object.assign(process.env, {
    ...{ AWS_REGION: REGION, AWS_ENDPOINT_URL: aws.url },
    ...{ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'the-secret-of-aws' },
    AWS_SESSION_TOKEN: 'the/session+token',
  });
}

async function close(): Promise<void> {
  for (const action of called()) sent.add(action);
  vi.useRealTimers();
  vi.restoreAllMocks();
  restore(before);
  await aws.close();
}

/** With its key in the given place, or in its environment. */
async function groupOn(source: 'sls' | 'cls', key: 'secret' | 'parameter' | undefined, more: object) {
  const { logs, config } = await startStream(source);
  const { accessKeyId, accessKeySecret, ...stream } = config;
  const text = JSON.stringify({ accessKeyId, accessKeySecret });
  aws.stored = JSON.stringify({ SecretString: text, Parameter: { Value: text } });
  const read = key === undefined ? { accessKeyId, accessKeySecret } : { [key]: 'shardbeat/key' };
  const group: GroupConfig = { module: 'a.ts', slots: 2, ...more, [source]: { ...stream, ...read } };
  return { logs, group };
}

describe('the function of a group', () => {
  beforeEach(open);
  afterEach(close);

  it.each([
    ['sls', undefined, 'table', undefined],
    ['sls', 'secret', 's3', 'shop'],
    ['cls', 'parameter', 'sqs', undefined],
    ['cls', 'secret', 'table', `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/shop`],
  ] as const)('on %s may do what it does: key %s, dead letters in %s, bus %s', async (...settings) => {
    const [source, key, letters, eventBus] = settings;
    const more = { deadLetters: LETTERS[letters](aws), ...(eventBus && { eventBus }) };
    const { logs, group } = await groupOn(source, key, more);
    const { policy, environment } = roleOf('orders', group);
    aws.policy = policy;
    await doEverything(aws, logs, environment);
    await logs.close();
    expect(aws.denied).toEqual([]);
    expect(called()).toEqual(actionsOf(policy.filter(({ Sid }) => !OF_THE_PLATFORM.has(Sid!))));
  });

  it.each([true, false])(
    'writes along into a table of the user if its statements allow it: %s',
    async (mayCount) => {
      const { logs, group } = await groupOn('sls', undefined, {});
      const { policy, environment } = roleOf('orders', group);
      const counters = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${COUNTERS_TABLE}`;
      const statement = { Effect: 'Allow', Action: 'dynamodb:UpdateItem', Resource: counters } as const;
      aws.policy = mayCount ? [...policy, statement] : policy;
      await createGroupTable(aws.table.client, COUNTERS_TABLE);
      await countAlong(aws, logs, environment);
      await logs.close();
      expect(unique(aws.denied.map(({ resource }) => resource))).toEqual(mayCount ? [] : [counters]);
      const { Count } = await aws.table.client.send(new ScanCommand({ TableName: COUNTERS_TABLE }));
      expect(Count).toBe(mayCount ? 1 : 0);
    },
  );

  it('has the items of no other group', async () => {
    const { logs, group } = await groupOn('sls', 'secret', { deadLetters: 's3://letters/dead' });
    const own = roleOf('orders', group);
    aws.policy = roleOf('payments', { ...group, sls: { ...group.sls, secret: 'shardbeat/other' } }).policy;
    await expect(doEverything(aws, logs, own.environment)).rejects.toThrow('AccessDeniedException');
    await logs.close();
    expect(aws.allowed).toEqual([]);
  });
});

describe('the role of a group', () => {
  const stream = { endpoint: 'e.example.com', region: 'r', project: 'p', logstore: 'l' };
  const provider = { kmsKeyArn: 'arn:aws:kms:key', tracing: { lambda: true }, vpc: { subnetIds: ['s'] } };
  const text = ({ policy }: { policy: readonly Statement[] }) => policy.map((each) => JSON.stringify(each));
  const role = (key: object, more: object, of?: ProviderConfig) =>
    text(roleOf('orders', { module: 'a.ts', sls: { ...stream, ...key }, ...more }, of));
  const keys = [{ accessKeyId: 'i', accessKeySecret: 's' }, { secret: 's' }, { parameter: 'p' }];
  const letters = ['table', 's3://letters', `arn:aws:sqs:${REGION}:${ACCOUNT}:orders`];
  const rings = `arn:aws:sqs:${REGION}:${ACCOUNT}:rings`;
  const least = role(keys[0]!, {});

  it('is the least one, and what each of its settings needs, whatever the others are', () => {
    for (const key of keys) {
      for (const deadLetters of letters) {
        for (const bus of [{}, { eventBus: 'shop' }, { doorbell: { queue: rings } }]) {
          for (const of of [{}, provider]) {
            const parts = [
              role(key, {}),
              role(keys[0]!, { deadLetters }),
              role(keys[0]!, bus),
              role(keys[0]!, {}, of),
            ];
            expect(unique(role(key, { deadLetters, ...bus }, of))).toEqual(unique(parts.flat()));
          }
        }
      }
    }
    expect(least).toHaveLength(2);
  });

  it('allows what a service is asked for on what is named, and on everything only what knows no names', () => {
    const { policy } = roleOf(
      'orders',
      { module: 'a.ts', sls: { ...stream, secret: 's' }, deadLetters: letters[1]!, eventBus: 'shop' },
      provider,
    );
    const wide = policy.filter(({ Resource }) => [Resource].flat().includes('*'));
    expect(wide.map(({ Sid }) => Sid)).toEqual(['BeInItsVpc', 'Trace']);
    expect(JSON.stringify(policy)).not.toMatch(/:\*"/);
  });
});

describe('the rights of operators in docs/deploy.md', () => {
  let directory: string;
  let logs: LogService;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'rights-test-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  beforeEach(async () => {
    await open();
    process.env.TMPDIR = directory;
  });
  afterEach(async () => {
    await logs.close();
    await close();
  });

  it.each(['table', 's3', 'sqs'] as const)(
    'are what the commands call, with dead letters in %s',
    async (place) => {
      const deadLetters = LETTERS[place](aws);
      const { group, ...made } = await groupOn('sls', undefined, { deadLetters });
      logs = made.logs;
      const { environment } = roleOf('orders', group);
      aws.policy = [{ Effect: 'Allow', Action: '*', Resource: '*' }];
      await doEverything(aws, logs, environment, { leaveLetters: true });
      deploy(aws, environment);
      for (const { names, always, elsewhere } of operatorsMay(ROOT)) {
        const besides = place === 'table' ? [] : elsewhere[place];
        aws.policy = typing.policy([...always, ...besides]);
        aws.allowed.length = 0;
        for (const line of names.flatMap(typing.linesFor)) {
          if (/^delete|--clear$/.test(line)) vi.setSystemTime(Date.now() + 3_600_000);
          const { said } = await typed(directory, `${line} ${TARGET} --dead-letters ${deadLetters}`);
          expect(aws.denied, `${line}: ${said}`).toEqual([]);
        }
        if (place === 'table') expect(called(), names.join()).toEqual([...always].sort());
        else expect(called(), names.join()).toEqual(expect.arrayContaining([...besides]));
      }
    },
  );
});

describe('the sources', () => {
  const files = ['lib', 'cli'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      // What a sink writes to is the user's, and so are the rights to it: docs/sinks.md, and its own test.
      .filter((path) => !path.startsWith('sinks/'))
      .map((path) => ({ path: join(folder, path), source: readFileSync(join(ROOT, folder, path), 'utf8') })),
  );
  const actionsIn = (source: string): string[] => [
    ...[...source.matchAll(/new (\w+)Command\(/g)].map(([, name]) => `dynamodb:${name}`),
    ...[...source.matchAll(/'((?:s3|events|lambda|scheduler|secretsmanager|ssm):[A-Z]\w+)'/g)].map(
      ([, name]) => name!,
    ),
    ...[...source.matchAll(/\bcall\('([A-Z]\w+)', (?:input|\{ [A-Z]\w+: )/g)].flatMap(([, name]) =>
      source.includes('AmazonSQS') ? [`sqs:${name}`] : [],
    ),
  ];

  it('send nothing that was not sent here', () => {
    const named = files.flatMap(({ source }) => actionsIn(source));
    // A transaction is no action: each of its writes is one.
    expect(unique(sent)).toEqual(unique(named.filter((action) => action !== 'dynamodb:TransactWriteItems')));
  });

  it('have no command that asks for something and is not in docs/deploy.md', () => {
    const names = COMMANDS.flatMap(({ commands }) => commands).map(({ name }) => name);
    const asking = names.filter((name) => !/^(init|local|serve\b.*|cost|completion)$/.test(name));
    expect(operatorsMay(ROOT).flatMap(({ names }) => names)).toEqual(expect.arrayContaining(asking));
  });

  it('name what they send where they send it', () => {
    const senders = files.filter(({ source }) => /\b(createAwsSender|callAws|client\.send)\(/.test(source));
    const unnamed = senders.filter(({ source }) => actionsIn(source).length === 0).map(({ path }) => path);
    // The two that send what others name.
    expect(unnamed).toEqual(['lib/credentials/awsCall.ts', 'lib/credentials/awsSender.ts']);
    expect(senders.length).toBeGreaterThan(7);
  });
});
