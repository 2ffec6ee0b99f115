/** The real starter and the real consumer, each with the rights of its own role, on a real table, while the load comes and goes. */
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readGroup } from '../../infra/plugin/group.ts';
import { groupResources, TABLE_ID } from '../../infra/plugin/resources.ts';
import { starterResources } from '../../infra/plugin/starter.ts';
import { type Batch, consume } from '../../lib/index.ts';
import { openGroup } from '../../lib/operations.ts';
import { starter } from '../../lib/starter.ts';
import { createMemorySource } from '../../lib/testing.ts';
import { restore } from '../cli/stage.ts';
import { REGION } from '../support/awsService.ts';
import { type Aws, startAws } from './aws.ts';
import { TABLE } from './function.ts';
import { ACCOUNT, resolved, type Statement } from './iam.ts';

const before = { ...process.env };
const INTERVAL_MS = 60_000;
const SHARDS = ['0', '1', '2', '3'];
let aws: Aws;
let lines: string[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 31, 12) });
  lines = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  aws = await startAws(TABLE);
  Object.assign(process.env, {
    ...{ AWS_REGION: REGION, AWS_ENDPOINT_URL: aws.url },
    ...{ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'the-secret-of-aws' },
    AWS_SESSION_TOKEN: 'the/session+token',
  });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  restore(before);
  await aws.close();
});

/** As the plugin makes them. */
function deployed(slots: object) {
  const sls = {
    endpoint: 'e.example.com',
    region: 'r',
    project: 'p',
    logstore: 'l',
    accessKeyId: 'i',
    accessKeySecret: 's',
  };
  const group = readGroup(
    'orders',
    { module: 'a.ts', slots, sls },
    { prefix: 'shop-prod', table: TABLE, provider: {} },
  );
  const ids = { function: 'F', logGroup: 'L', role: 'R', scheduleRole: 'SR', schedule: 'S' };
  const { R } = groupResources({ ...group.resources, ids, logGroupName: 'l', starter: 'F2' });
  const { R2 } = starterResources({
    ...group.starter!.resources,
    ids: { consumer: 'F', logGroup: 'L2', role: 'R2' },
    logGroupName: 'l2',
  });
  const arns = {
    [TABLE_ID]: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${TABLE}`,
    F: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${group.function.name}`,
  };
  const policyOf = (role: typeof R): Statement[] => {
    const [{ PolicyDocument }] = role!.Properties.Policies as [{ PolicyDocument: { Statement: object[] } }];
    return resolved(PolicyDocument.Statement, REGION, arns) as Statement[];
  };
  const environmentOf = ({ environment }: { environment: object }) => ({
    ...environment,
    AWS_ENDPOINT_URL: aws.url,
  });
  return {
    consumer: { policy: policyOf(R), environment: environmentOf(group.function) },
    starter: { policy: policyOf(R2), environment: environmentOf(group.starter!.function) },
  };
}

it('slots come and leave with the load, and whoever starts them may do what that needs, and nothing else', async () => {
  const of = deployed({ max: 2 });
  const source = createMemorySource({ shards: SHARDS, now: () => Date.now(), recordsMax: 1 });
  const given: string[] = [];
  const took = { ms: 0 };
  const eachBatch = ({ shard, records }: Batch) => {
    vi.setSystemTime(Date.now() + took.ms);
    for (const record of records) given.push(`${shard}:${record.get('content')}`);
  };
  const environment = {
    ...of.consumer.environment,
    SHARDBEAT_SHARDS_PARALLEL_MAX: '1',
    SHARDBEAT_SOURCE: '',
  };
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => !/_(SLS|SOURCE)/.test(name)));
  const consumer = consume({ eachBatch }, { environment: own, source });
  const start = starter({ environment: of.starter.environment, spreadMs: 0 });
  const started: string[] = [];
  aws.answers.lambda = ({ body }) => {
    started.push(JSON.parse(body.toString()).slot);
    return { status: 202 };
  };
  const asked = new Set<string>();
  const wanted: number[] = [];
  let records = 0;
  for (let minute = 0; minute < 45; minute++) {
    const from = Date.now();
    took.ms = minute < 14 ? 7_000 : 0;
    if (minute > 2 && minute < 14) {
      for (const shard of [...SHARDS, ...SHARDS]) source.append(shard, { content: String(records++) });
    }
    started.length = 0;
    aws.allowed.length = 0;
    aws.policy = of.starter.policy;
    wanted.push((await start({}, { getRemainingTimeInMillis: () => 30_000 })).wanted);
    for (const { action } of aws.allowed) asked.add(action);
    aws.policy = of.consumer.policy;
    for (const slot of started) {
      vi.setSystemTime(from);
      await consumer({ slot }, { getRemainingTimeInMillis: () => 48_000 } as Context);
    }
    vi.setSystemTime(from + INTERVAL_MS);
  }
  expect(aws.denied).toEqual([]);
  const allowed = of.starter.policy
    .filter(({ Sid }) => Sid !== 'WriteItsLog')
    .flatMap(({ Action }) => Action);
  expect([...asked].sort()).toEqual([...allowed].sort());
  expect([wanted[0], Math.max(...wanted), wanted.at(-1)]).toEqual([1, 2, 1]);
  const { consumers, group } = await openGroup({ table: TABLE, group: 'orders' }).describe();
  expect(consumers.map(({ slot }) => slot)).toEqual(['consumer-0']);
  expect(group?.scale).toMatchObject({ slots: 1, lowered: true });
  for (const shard of SHARDS) {
    const own = given
      .filter((record) => record.startsWith(`${shard}:`))
      .map((record) => Number(record.split(':')[1]));
    expect(own).toEqual([...new Set(own)].sort((one, other) => one - other));
  }
  expect(given).toHaveLength(records);
  // Who rings wakes no slot that there is not.
  const context = { getRemainingTimeInMillis: () => 48_000 } as Context;
  expect(await consumer({ ring: {} }, context)).toMatchObject({ rung: [{ slot: 'consumer-0' }] });
  const seen = lines.map((line) => JSON.parse(line).event);
  expect(seen).toEqual(expect.arrayContaining(['slots.scaled', 'slot.left']));
  expect(seen).not.toContain('slot.expired');
}, 60_000);

it('where there are always as many, the table is no business of who starts them', async () => {
  const { starter: of } = deployed({ min: 3, max: 3 });
  aws.policy = of.policy;
  aws.answers.lambda = () => ({ status: 202 });
  const start = starter({ environment: of.environment, spreadMs: 0 });
  expect(await start({}, { getRemainingTimeInMillis: () => 30_000 })).toMatchObject({
    wanted: 3,
    failed: [],
  });
  expect(new Set(aws.allowed.map(({ action }) => action))).toEqual(new Set(['lambda:InvokeFunction']));
  expect(of.policy.map(({ Sid }) => Sid)).toEqual(['StartSlots', 'WriteItsLog']);
});
