/** A diagnosis of a local run, of a group by its table, of settings in the environment, and of a deployed function. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../cli/doctor/facts.ts';
import { composeGroup } from '../../lib/compose/group.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import { termsOf } from '../../lib/tick/terms.ts';
import { type AwsReply, type AwsService, startAwsService } from '../support/awsService.ts';
import { restore, type Stage, startStage, typed } from './stage.ts';

/** Before a run has one of its own. */
const TEMPORARY = tmpdir();
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:f';
let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
  // Its group was made for another stream.
  const settings = readSettings(stage.environment);
  const logger = createLogger({ level: 'error', now: systemClock.now, write: () => {} });
  const before = { ...process.env };
  Object.assign(process.env, stage.environment);
  const { store } = composeGroup(settings, { clock: systemClock, random: systemRandom, logger });
  const made = termsOf(settings, { kind: 'own' });
  const condition = { equal: 'settingsVersion', value: 1 } as const;
  const signal = new AbortController().signal;
  const written = await store.update('GROUP', { set: made, condition }, { signal });
  restore(before);
  expect(written.accepted).toBe(true);
});
afterAll(() => stage.close());

const findingsOf = (out: string): Finding[] => JSON.parse(out).findings;
const wrong = (out: string): string[] =>
  findingsOf(out)
    .filter(({ level }) => level !== 'ok')
    .map(({ level, about, says }) => `${level} ${about}: ${says}`);

describe('shardbeat doctor, of a local run', () => {
  it('finds nothing wrong, and tells what it has looked at', async () => {
    const { code, out, said } = await stage.type('doctor');
    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(out).toMatch(/^group \S+, local run of process \d+$/m);
    for (const about of [
      'versions',
      'settings',
      'credentials',
      'rights',
      'clock',
      'table',
      'slots',
      'log service',
    ])
      expect(out).toMatch(new RegExp(`^ok +${about} `, 'm'));
    expect(out).toMatch(/lets itself be read: 2 shards$/m);
    expect(out).toMatch(/^Nothing is wrong/m);
  });

  it('changes nothing', async () => {
    const before = await stage.type('status --json --table-only');
    await stage.type('doctor');
    const after = await stage.type('status --json --table-only');
    const itemsOf = (out: string) => JSON.parse(out).description.group;
    expect(itemsOf(after.out)).toEqual(itemsOf(before.out));
  });
});

/** Away from the run, with what it has in the environment. */
async function elsewhere(line: string, more: Record<string, string | undefined> = {}) {
  const directory = mkdtempSync(join(TEMPORARY, 'doctor-test-'));
  const before = { ...process.env };
  const given = { ...stage.environment, AWS_SESSION_TOKEN: undefined, ...more };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  try {
    return await typed(directory, line);
  } finally {
    restore(before);
    rmSync(directory, { recursive: true });
  }
}

describe('shardbeat doctor, with the settings of the environment', () => {
  it('asks the log service itself, and knows what it cannot know', async () => {
    const { code, out } = await elsewhere('doctor --json');
    expect(wrong(out)).toEqual([
      expect.stringMatching(/^unknown backups: /),
      'unknown function: nobody says which one it is',
    ]);
    expect(code).toBe(0);
  });

  it('finds settings that cannot be used, and shows no secret', async () => {
    const { code, out } = await elsewhere('doctor', { SHARDBEAT_SLS_ENDPOINT: 'no endpoint' });
    expect(code).toBe(4);
    expect(out).toMatch(
      /^ERROR +settings +the environment: SHARDBEAT_SLS_ENDPOINT: "no endpoint" cannot be used/m,
    );
    expect(out).not.toContain(stage.environment.SHARDBEAT_SLS_ACCESS_KEY_SECRET);
  });

  it('finds settings that the group does not have', async () => {
    const { code, out } = await elsewhere('doctor --json', { SHARDBEAT_SESSION_TIMEOUT: '17m' });
    expect(code).toBe(4);
    expect(wrong(out)).toContainEqual(
      expect.stringMatching(
        /^error settings: the environment: sessionTimeoutMs: the group has \d+, this deployment 1020000; settings version: .*1$/,
      ),
    );
  });

  it('finds a key that the log service does not take', async () => {
    const { code, out } = await elsewhere('doctor', { SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'a-wrong-secret' });
    expect(code).toBe(4);
    expect(out).toMatch(/^ERROR +log service .*Signature/m);
    expect(out).toMatch(/→ check the access key/);
    expect(out).not.toContain('a-wrong-secret');
  });

  it('finds a table that is not there, and asks no more of it', async () => {
    const { code, out } = await elsewhere('doctor --json', { SHARDBEAT_TABLE: 'none' });
    expect(code).toBe(4);
    expect(wrong(out)).toContainEqual(expect.stringMatching(/^error table: table none in /));
    expect(findingsOf(out).map(({ about }) => about)).not.toContain('backups');
  });
});

describe('shardbeat doctor, of a deployed function', () => {
  let lambda: AwsService;
  let scheduler: AwsService;
  let environment: Record<string, string>;

  beforeAll(async () => {
    environment = {
      ...stage.environment,
      SHARDBEAT_SLOTS: 'consumer-0,consumer-1',
      TOKEN: 'a-token-of-mine',
    };
    const reply = (body: object): AwsReply => ({ body: JSON.stringify(body) });
    lambda = await startAwsService('lambda', ({ path }) =>
      path.endsWith('/configuration')
        ? reply({
            FunctionArn: ARN,
            Runtime: 'nodejs24.x',
            Timeout: 900,
            MemorySize: 512,
            State: 'Active',
            LastUpdateStatus: 'Successful',
            Environment: { Variables: environment },
          })
        : reply({
            unit: 'log groups',
            shards: [{ shard: '0', error: 'the key was refused' }, { shard: '1' }],
          }),
    );
    scheduler = await startAwsService('scheduler', ({ path }) =>
      path === '/schedules'
        ? reply({ Schedules: [{ Name: 'first', GroupName: 'default', Target: { Arn: ARN } }] })
        : reply({
            State: 'ENABLED',
            ScheduleExpression: 'rate(7 minutes)',
            Target: { Input: '{"slot":"consumer-0"}', RetryPolicy: { MaximumRetryAttempts: 0 } },
          }),
    );
  });
  afterAll(() => Promise.all([lambda.close(), scheduler.close()]));

  it('looks at it and at its schedules, has it ask the log service, and shows no variable of it', async () => {
    const { SHARDBEAT_TABLE: table, SHARDBEAT_GROUP: group } = stage.environment;
    const { code, out } = await elsewhere(`doctor --json --table ${table} --group ${group} --function f`, {
      AWS_ENDPOINT_URL_LAMBDA: lambda.url,
      AWS_ENDPOINT_URL_SCHEDULER: scheduler.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'the-secret-of-aws',
      AWS_SESSION_TOKEN: 'the/session+token',
    });
    expect(code).toBe(4);
    const findings = wrong(out).join('\n');
    expect(findings).toContain(
      'error log service: it does not tell about 1 shard of 2; of 0: the key was refused',
    );
    expect(findings).toMatch(/error timeout: Lambda lets it run for 15m/);
    expect(findings).toContain('error schedules: none for consumer-1');
    expect(findings).toMatch(/error schedules: rate\(7 minutes\), and the group's interval is /);
    expect(findings).toContain('warning secrets: SHARDBEAT_SLS_ACCESS_KEY_SECRET');
    for (const secret of [
      'a-token-of-mine',
      'the-secret-of-aws',
      environment.SHARDBEAT_SLS_ACCESS_KEY_SECRET!,
    ])
      expect(out).not.toContain(secret);
  });
});
