/** The past, read again on a local stack: by a module, and by the deployed function, of which the command is killed half-way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DynamoDBClient, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawProgress, lineOf } from '../../cli/replay/bar.ts';
import { formatCount, formatResult, missingOf } from '../../cli/replay/view.ts';
import { type Consumer, consume } from '../../lib/index.ts';
import { type AwsService, REGION, startAwsService } from '../support/awsService.ts';
import { restore, type Stage, startStage } from './stage.ts';

const MAIN = join(import.meta.dirname, '../../cli/shardbeat.ts');
const before = { ...process.env };
const signal = new AbortController().signal;
let stage: Stage;
let lambda: AwsService;
let client: DynamoDBClient;
let table: string;
let from: string;
let to: string;
/** What the deployed function was given. */
let given: string[] = [];
let isSlow = false;
let aws: NodeJS.ProcessEnv;

beforeAll(async () => {
  stage = await startStage();
  from = new Date(Date.now() - 60_000).toISOString();
  const lines = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => `${name} ${index}`);
  for (let put = 0; put < 5; put++) {
    await stage.put(0, lines(40, `a${put}`));
    await stage.put(1, lines(20, `b${put}`));
  }
  // The service tells times of receipt by the second.
  to = new Date(Math.ceil(Date.now() / 1_000) * 1_000).toISOString();
  await new Promise((resolve) => setTimeout(resolve, Date.parse(to) - Date.now() + 50));
  await stage.put(0, ['after it']);
  writeFileSync(join(stage.directory, 'taking.mjs'), 'export const eachBatch = () => {};');
  table = stage.environment.SHARDBEAT_TABLE!;
  let handler: Consumer | undefined;
  lambda = await startAwsService('lambda', async ({ body }) => {
    handler ??= consume(
      {
        eachRecord: async (record) => {
          if (isSlow) await new Promise((resolve) => setTimeout(resolve, 20));
          given.push(record.get('content') ?? '');
        },
      },
      { environment: { ...stage.environment, SHARDBEAT_LOG_LEVEL: 'error' } },
    );
    const context = { getRemainingTimeInMillis: () => 20_000 } as Context;
    const answer = await handler(JSON.parse(body.toString()), context, { signal } as never);
    return { body: JSON.stringify(answer) };
  });
  // A command that finds the local run sets others.
  aws = {
    AWS_ENDPOINT_URL_DYNAMODB: stage.environment.AWS_ENDPOINT_URL_DYNAMODB,
    AWS_ENDPOINT_URL_LAMBDA: lambda.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'the-secret-of-aws',
    AWS_SESSION_TOKEN: 'the/session+token',
  };
  Object.assign(process.env, stage.environment);
  client = new DynamoDBClient({});
});
afterAll(async () => {
  client.destroy();
  await lambda.close();
  await stage.close();
  restore(before);
});

const items = async (): Promise<Record<string, unknown>> => {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
  return Object.fromEntries(Items.map((item) => [`${item.pk!.S} ${item.sk!.S}`, item]));
};
const left = async () => Object.keys(await items()).filter((key) => key.includes('#replay'));

describe('replay with the module of a local run', () => {
  it('counts what there is, and reads it again', async () => {
    const asItWas = await items();
    const { code, out } = await stage.type(`replay --from ${from} --to ${to} --dry-run`);
    expect(code).toBe(0);
    expect(out).toMatch(/^SHARD {2}LOG GROUPS\n0 +5\n1 +5\n\n10 log groups of 2 shards, received from /);
    const all = await stage.type(`replay --from ${from} --to ${to} --parallel 2`);
    expect(all).toMatchObject({ code: 0, out: expect.stringMatching(/^replayed: 300 records in \d+ batch/) });
    const one = await stage.type(`replay --from ${from} --to ${to} --shards 1 --json`);
    expect(JSON.parse(one.out)).toMatchObject({
      stopped: 'done',
      records: 100,
      unit: 'log groups',
      shards: [{ shard: '1' }],
    });
    const now = await stage.type(`replay --from ${to} --to now --json`);
    expect(JSON.parse(now.out)).toMatchObject({ stopped: 'done', records: 1 });
    expect(await items()).toEqual(asItWas);
  }, 60_000);

  it.each([
    ['--to now', /^--from: missing; say from when on/],
    ['--from 2026-01-01T00:00:00Z', /^--to: missing; say up to when/],
    [
      '--from yesterday --to now',
      /^--from: "yesterday" cannot be used: write 2026-01-31T12:00:00Z or Unix seconds/,
    ],
    ['--from 2026-01-01T00:00:00Z --to 2099-01-01T00:00:00Z', /^--to: .* it is in the future: write now/],
    [
      '--from 2026-01-02T00:00:00Z --to 2026-01-01T00:00:00Z',
      /^--to: .* there is nothing to read: choose a time after --from/,
    ],
    ['--from 2026-01-01T00:00:00Z --to now --shards 0,', /^--shards: "0," cannot be used/],
    ['--clear --shards 0', /^--clear: .*it only removes what is left, and reads nothing/],
    [
      '--from 2026-01-01T00:00:00Z --to now --shards 9',
      /^shards: "9" cannot be used: the stream has no such shard: it has 0, 1/,
    ],
    [
      '--from 2026-01-01T00:00:00Z --to now --parallel 0',
      /^--parallel: "0" cannot be used: write a whole number from 1/,
    ],
    [
      '--from 2026-01-01T00:00:00Z --to now --module no.mjs',
      /^--module: "no.mjs" cannot be used: it cannot be loaded/,
    ],
  ])('refuses %s', async (line, message) => {
    const { code, said } = await stage.type(`replay ${line}`);
    expect({ code, said }).toEqual({ code: 2, said: expect.stringMatching(message) });
  });
});

describe('a module in the process of the command', () => {
  const run = async (code: string, ...args: string[]) => {
    const file = join(stage.directory, 'its.mjs');
    writeFileSync(file, code);
    const { PATH, HOME, TMPDIR } = process.env;
    const range = ['--from', from, '--to', to, '--shards', '1'];
    const of = ['--table', table, '--group', stage.environment.SHARDBEAT_GROUP!];
    const child = spawn(process.execPath, [MAIN, 'replay', ...range, '--module', file, ...of, ...args], {
      env: { PATH, HOME, TMPDIR, ...stage.environment },
      cwd: stage.directory,
    });
    child.stdin.end();
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { status, stdout, stderr };
  };

  it('that ends the process is said to, and is no success', async () => {
    const { status, stdout, stderr } = await run('export const eachBatch = () => process.exit(0);');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('the process ends before all was given to the module');
  }, 60_000);

  it('that has something open does not keep it; what fails is said beside the answer', async () => {
    const { status, stdout, stderr } = await run(
      `setInterval(() => {}, 1_000);
       let calls = 0;
       export const eachBatch = () => { if (calls++ === 0) throw new Error('not yet'); };`,
      '--json',
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ stopped: 'done', records: 100 });
    expect(stderr).toMatch(/^batch\.failed, .*: not yet$/m);
  }, 60_000);
});

describe('replay by the deployed function', () => {
  /** A real process, with nothing of this one but its variables for AWS. */
  const start = (...args: string[]) => {
    const { PATH, HOME, TMPDIR } = process.env;
    const env = { PATH, HOME, TMPDIR, ...aws };
    const of = ['--table', table, '--group', stage.environment.SHARDBEAT_GROUP!, '--function', 'f'];
    const child: ChildProcess = spawn(process.execPath, [MAIN, 'replay', ...args, ...of], {
      env,
      cwd: stage.directory,
    });
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const finished = Promise.all([code, text(child.stdout!), text(child.stderr!)]);
    child.stdin!.end();
    return { child, finished };
  };
  const range = () => ['--from', from, '--to', to];

  it('asks before it does', async () => {
    const [code, , stderr] = await start(...range()).finished;
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /LOG GROUPS[\s\S]*10 log groups of 2 shards[\s\S]*--yes: missing; nobody can be asked here/,
    );
    expect(given).toEqual([]);
  }, 60_000);

  it('reads it all, and leaves nothing', async () => {
    const asItWas = await items();
    const [code, stdout, stderr] = await start(...range(), '--yes', '--parallel', '2').finished;
    expect({ code, stderr: stderr.split('\n')[0] }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^\[[█░]{20}\] +\d+% {2}[\d,]+ records/),
    });
    expect(stdout).toMatch(/^replayed: 300 records in \d+ batches\n$/);
    expect(new Set(given).size).toBe(300);
    expect(await items()).toEqual(asItWas);
  }, 60_000);

  it('stopped by a signal is removed, and says where to go on', async () => {
    isSlow = true;
    given = [];
    const { child, finished } = start(...range(), '--yes');
    await expect.poll(() => given.length, { timeout: 30_000 }).toBeGreaterThan(5);
    child.kill('SIGINT');
    const [code, stdout, stderr] = await finished;
    isSlow = false;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringContaining('stopping: it waits for what is in work'),
    });
    expect(stdout).toMatch(
      /^stopped: \d+ records[\s\S]*to go on: npx shardbeat replay --from \S+Z --to \S+Z, and what else was given/,
    );
    expect(await left()).toEqual([]);
  }, 60_000);

  it('killed half-way keeps the next one away for a while, which then removes what is left', async () => {
    isSlow = true;
    given = [];
    const { child, finished } = start(...range(), '--yes');
    await expect.poll(() => given.length, { timeout: 30_000 }).toBeGreaterThan(5);
    child.kill('SIGKILL');
    await finished;
    isSlow = false;
    expect(await left()).not.toEqual([]);
    const [code, , stderr] = await start(...range(), '--yes').finished;
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringMatching(
        /another replay of the group is at work, or was killed a moment ago: try again in/,
      ),
    });
    expect((await start('--clear').finished)[0]).toBe(3);
    expect((await start('--clear', '--dry-run').finished)[0]).toBe(3);
    expect(await stage.type('delete --dry-run')).toMatchObject({
      code: 3,
      out: expect.stringMatching(/is not deleted: a replay of it is at work, or was killed a moment ago/),
    });
    await age();
    const asLeft = await left();
    const [, would] = await start('--clear', '--dry-run').finished;
    expect(would).toMatch(/^would be removed: a replay that was begun at /);
    const { out: found } = await stage.type('doctor');
    expect(found).toMatch(/note +replay +one that was begun at .* was killed, and has left items/);
    expect(await left()).toEqual(asLeft);
    const [cleared, said] = await start('--clear').finished;
    expect({ cleared, said }).toEqual({
      cleared: 0,
      said: expect.stringMatching(/^removed: a replay that was begun at /),
    });
    expect(await left()).toEqual([]);
    expect(await start('--clear').finished).toEqual([0, 'nothing of a replay is in the table\n', '']);
  }, 120_000);

  /** As it is after a while. */
  const age = async (): Promise<void> => {
    for (const key of await left()) {
      const [pk = '', sk = ''] = key.split(' ');
      const name = sk === 'GROUP' ? 'createdAt' : 'expiresAt';
      if (!/^(GROUP|CONSUMER#)/.test(sk)) continue;
      const names = sk === 'GROUP' ? [name] : [name, 'busyUntil'];
      for (const attribute of names) {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { pk: { S: pk }, sk: { S: sk } },
            UpdateExpression: 'SET #a = :then',
            ExpressionAttributeNames: { '#a': attribute },
            ExpressionAttributeValues: { ':then': { N: String(Date.now() - 600_000) } },
          }),
        );
      }
    }
  };
});

describe('the line that shows how far it is', () => {
  it('makes room for what is said meanwhile', () => {
    const written: string[] = [];
    const clock = { now: () => 0, sleep: () => new Promise<void>(() => {}) };
    const out = (text: string) => void written.push(text);
    const bar = drawProgress({ columns: 80, out, say: (line) => out(`${line}\n`), clock }, false);
    bar.say('batch.failed');
    bar.end();
    expect(written.join('').replaceAll('\r\u001b[2K', '|')).toMatch(/^\|\[.*begins, 0s\|batch\.failed\n\|$/);
  });

  const shard = { shard: '0', parents: [], left: 5 };
  const progress = { batches: 3, bytes: 0, expired: 0, records: 1_200 };

  it('has the share, the records, the time that is left, and what fails', () => {
    expect(lineOf(undefined, 2_000)).toBe('[░░░░░░░░░░░░░░░░░░░░]   0%  begins, 2s');
    const open = { ...progress, share: 0.25, shards: [{ ...shard, state: 'open' as const }] };
    expect(lineOf(open, 60_000)).toBe('[█████░░░░░░░░░░░░░░░]  25%  1,200 records, 20/s, 3m left');
    const failing = { attempts: 2, message: 'Error: no\nsuch', notBefore: undefined };
    const failed = { ...open, shards: [{ ...shard, state: 'open' as const, failing }] };
    expect(lineOf(failed, 60_000)).toContain(', shard 0 fails: Error: no such');
    const done = { ...progress, share: 1, shards: [{ ...shard, state: 'done' as const }] };
    expect(lineOf(done, 60_000)).toBe('[████████████████████] 100%  1,200 records, 20/s');
  });
});

describe('what is printed', () => {
  const at = Date.UTC(2026, 0, 31);
  const range = { from: at, to: at + 3_600_000 };
  const done = { shard: '0', parents: [], left: 0, state: 'done' as const };
  const result = {
    ...{
      stopped: 'done' as const,
      records: 12_000,
      batches: 1,
      bytes: 0,
      expired: 0,
      share: 1,
      shards: [done],
    },
    ...{ givenUp: { count: 0, first: [] }, goOnFrom: undefined },
  };
  const letter = { id: '0/7/1', shard: '0', attempts: 5, message: 'Error: no\nsuch order' };

  it('in the end says what was given up, what stands, and where to go on', () => {
    expect(formatResult(result, 'log groups', range)).toBe('replayed: 12,000 records in 1 batch\n');
    const givenUp = { count: 3, first: [letter] };
    const failing = { attempts: 0, message: 'Error: the sink is down', notBefore: undefined, stuck: 1 };
    const stuck = { ...result, stopped: 'stuck' as const, goOnFrom: at + 60_000, expired: 2, givenUp };
    const shards = [
      done,
      { ...done, shard: '1', state: 'open' as const, failing },
      { ...done, shard: '2', state: 'gone' as const },
    ];
    expect(
      formatResult({ ...stuck, shards }, 'log groups', range),
    ).toBe(`stopped, since nothing that is left succeeds: 12,000 records in 1 batch
3 records given up, and not to be had from here again:
  0/7/1, after 5 attempts: Error: no such order
  and 2 more
shard 1 stands: Error: the sink is down
the log service no longer lists 2: the rest was not read
2 log groups were past the retention before they could be read
to go on: npx shardbeat replay --from 2026-01-31T00:01:00.000Z --to 2026-01-31T01:00:00.000Z, and what else was given; some of it comes again
`);
  });

  it('before it says what is missing', () => {
    const shard = { shard: '0', from: 'a', to: 'b', positions: 1_000, keptSince: at + 60_000 };
    const count = {
      begun: true as const,
      group: 'g',
      table: 't',
      unit: 'log groups',
      patienceMs: 1,
      shards: [shard],
    };
    expect(formatCount(count, range, undefined)).toContain('1 shard has nothing before 2026-01-31T00:01:00Z');
    const kept = { ...count, retainedSince: at - 1 };
    expect(missingOf(kept, range)).toEqual([]);
    expect(formatCount(kept, range, undefined)).not.toContain('LEFT SINCE');
    expect(missingOf({ ...count, retainedSince: at + 30_000 }, range)).toEqual([
      'what was received before 2026-01-31T00:00:30Z is past the retention, and cannot be read again',
    ]);
    const unknown = { ...count, shards: [{ ...shard, positions: undefined }] };
    expect(formatCount(unknown, range, undefined)).toContain('what is there of 1 shard');
  });
});
