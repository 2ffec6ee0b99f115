/** Which group a command finds, where there is no local run. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTarget, type TargetOptions } from '../../cli/target.ts';
import { announceRun } from '../../lib/commandLine/localRuns.ts';
import { NONE } from './noOptions.ts';
import { createWorld } from './world.ts';

const before = process.env.TMPDIR;
const signal = new AbortController().signal;
let directory: string;

const GROUP = {
  module: 'src/orders.ts',
  slots: 2,
  sls: { endpoint: 'cn-hangzhou.log.aliyuncs.com', project: 'shop', logstore: 'orders', secret: 'shop/sls' },
};
const PRINTED = {
  service: 'shop',
  provider: { name: 'aws', region: 'eu-west-1', stage: 'dev', environment: { LEVEL: 'high' } },
  custom: {
    shardbeat: {
      groups: {
        orders: GROUP,
        refunds: { ...GROUP, group: 'back', deadLetters: { Ref: 'Queue' }, reservedConcurrency: 3 },
      },
    },
  },
};

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'target-test-'));
  // No local run is to be found.
  process.env.TMPDIR = directory;
  for (const name of ['project', 'empty', 'broken', 'groupless', 'uninstalled'])
    mkdirSync(join(directory, name, 'src'), { recursive: true });
  for (const name of ['project', 'broken', 'groupless', 'uninstalled'])
    writeFileSync(join(directory, name, 'serverless.yml'), '');
  framework(
    'project',
    `console.log('a warning'); console.log(JSON.stringify({ ...${JSON.stringify(PRINTED)}, args: process.argv.slice(2) }));`,
  );
  framework('groupless', `console.log('{ "service": "shop", "provider": {} }');`);
  framework('broken', `console.error('no such variable'); process.exit(1);`);
});
afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(directory, { recursive: true });
});

/** What the project has installed: it prints what it has resolved. */
function framework(project: string, script: string): void {
  const bin = join(directory, project, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'osls'), `#!${process.execPath}\n${script}\n`);
  chmodSync(join(bin, 'osls'), 0o755);
}

async function found(folder: string, given: Partial<TargetOptions> = {}, variables: NodeJS.ProcessEnv = {}) {
  const environment = { ...variables };
  const world = createWorld({ directory: join(directory, folder), environment });
  const target = await findTarget({ ...NONE, ...given }, world, signal);
  return { ...target, environment };
}

describe('a group is found', () => {
  it('by its table and name, with the region and the profile that are given', async () => {
    const { group, place, asks, environment } = await found('empty', {
      table: 'shop',
      group: 'orders',
      region: 'eu-west-2',
      profile: 'ops',
    });
    expect({ group, place, asks, environment }).toEqual({
      group: 'orders',
      place: 'table shop in eu-west-2',
      asks: 'nobody',
      environment: { AWS_REGION: 'eu-west-2', AWS_PROFILE: 'ops' },
    });
    expect(await found('empty', { table: 'shop', group: 'orders', function: 'f' })).toMatchObject({
      asks: 'function',
    });
  });

  it('as serverless.yml describes it, with its deployed function', async () => {
    expect(await found('project', { group: 'orders' })).toMatchObject({
      group: 'orders',
      place: 'table shop-dev-shardbeat in eu-west-1',
      asks: 'function',
      environment: { AWS_REGION: 'eu-west-1' },
    });
    expect(await found('project', { group: 'back', stage: 'prod', region: 'us-east-1' })).toMatchObject({
      place: 'table shop-prod-shardbeat in us-east-1',
    });
  });

  it('as serverless.yml describes it, with what that would deploy', async () => {
    expect(await found('project', { group: 'back' })).toMatchObject({
      table: 'shop-dev-shardbeat',
      function: 'shop-dev-shardbeat-refunds',
      isLocal: false,
      settings: undefined,
      packaged: {
        environment: {
          SHARDBEAT_GROUP: 'back',
          SHARDBEAT_SLS_PROJECT: 'shop',
          SHARDBEAT_DEAD_LETTERS: { Ref: 'Queue' },
          LEVEL: 'high',
        },
        slots: ['consumer-0', 'consumer-1'],
        reservedConcurrency: 3,
        warnings: [],
      },
    });
  });

  it('by the variables of its function', async () => {
    const variables = { SHARDBEAT_TABLE: 'shop', SHARDBEAT_GROUP: 'orders', AWS_REGION: 'eu-west-3' };
    expect(await found('empty', {}, variables)).toMatchObject({
      place: 'table shop in eu-west-3',
      asks: 'nobody',
    });
    const all = { ...variables, SHARDBEAT_SOURCE: 'sls', SHARDBEAT_INTERVAL: '1m' };
    expect(await found('empty', {}, all)).toMatchObject({ asks: 'itself' });
  });

  it.each([
    ['by these', {}],
    ['by its table and name', { table: 'shop', group: 'orders' }],
  ])(
    'with the log service asked by the variables of its function only if all are there that it needs: %s',
    async (_how, given) => {
      const its = { SHARDBEAT_TABLE: 'shop', SHARDBEAT_GROUP: 'orders', AWS_REGION: 'eu-west-3' };
      const asked = async (more: NodeJS.ProcessEnv) =>
        (await found('empty', given, { ...its, ...more })).asks;
      expect(await asked({ SHARDBEAT_SOURCE: 'sls', SHARDBEAT_INTERVAL: '1m' })).toBe('itself');
      expect(await asked({ SHARDBEAT_SOURCE: 'sls' })).toBe('nobody');
      expect(await asked({ SHARDBEAT_INTERVAL: '1m' })).toBe('nobody');
    },
  );

  it('with its dead letters where the variables of its function say, by its table and name, too', async () => {
    const its = { SHARDBEAT_TABLE: 'shop', SHARDBEAT_GROUP: 'orders', AWS_REGION: 'eu-west-3' };
    const wrong = { SHARDBEAT_DEAD_LETTERS: 'no place' };
    const open = async (given: Partial<TargetOptions>, variables: NodeJS.ProcessEnv) =>
      (await found('empty', given, variables)).open();
    const byName = { table: 'shop', group: 'orders' };
    await expect(open(byName, { ...its, ...wrong })).rejects.toThrow('SHARDBEAT_DEAD_LETTERS: "no place"');
    await expect(open({}, { ...its, ...wrong })).rejects.toThrow('SHARDBEAT_DEAD_LETTERS: "no place"');
    // Those of another group say nothing about this one; and what is typed counts.
    await open({ ...byName, group: 'refunds' }, { ...its, ...wrong });
    await open({ ...byName, 'dead-letters': 'table' }, { ...its, ...wrong });
    const all = { ...its, ...wrong, SHARDBEAT_SOURCE: 'sls', SHARDBEAT_INTERVAL: '1m' };
    const sls = { SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com', SHARDBEAT_SLS_SECRET: 'shop/sls' };
    const stream = { SHARDBEAT_SLS_PROJECT: 'shop', SHARDBEAT_SLS_LOGSTORE: 'orders' };
    await open({ 'dead-letters': 'table' }, { ...all, ...sls, ...stream });
  });
});

describe('a person is told', () => {
  it('that there is no local run, before the Framework takes its time', async () => {
    const world = createWorld({ directory: join(directory, 'project'), columns: 80 });
    await findTarget({ ...NONE, group: 'back' }, world, signal);
    expect(world.said()).toBe('no local run is here: reading serverless.yml …');
    const staged = createWorld({ directory: join(directory, 'project'), columns: 80 });
    await findTarget({ ...NONE, group: 'back', stage: 'prod' }, staged, signal);
    expect(staged.said()).toBe('reading serverless.yml …');
  });

  it('which of two local runs in a folder it is', async () => {
    const run = { directory: join(directory, 'empty'), environment: { SHARDBEAT_GROUP: 'local' } };
    using _announced = await announceRun({ ...run, startedAt: 5 });
    const [folder = ''] = readdirSync(directory).filter((name) => name.startsWith('shardbeat-runs-'));
    const other = { ...run, pid: process.ppid, startedAt: 4 };
    writeFileSync(join(directory, folder, `${process.ppid}.json`), JSON.stringify(other));
    const world = createWorld({ directory: join(run.directory, 'src'), environment: {} });
    const { place } = await findTarget(NONE, world, signal);
    rmSync(join(directory, folder, `${process.ppid}.json`));
    expect(place).toBe(`local run of process ${process.pid}`);
    expect(world.said()).toBe(
      `2 local runs are in ${run.directory}: this is about the one that was started last, process ${process.pid}`,
    );
  });
});

describe('what is missing is said, with the remedy', () => {
  it.each([
    ['empty', {}, /^--group: missing; none is found here: start one in this folder \(npm start\)/],
    ['empty', { table: 'shop' }, /^--group: missing; name the group in the table shop$/],
    ['empty', { stage: 'prod' }, /none is found here/],
    ['project', {}, /^--group: missing; choose one that serverless.yml describes: orders, back$/],
    ['project', { group: 'other' }, /^--group: "other" cannot be used: choose one/],
    [
      'broken',
      {},
      /serverless.yml cannot be read by .*osls: correct it, or give --table, --group and --region:\nno such variable/,
    ],
    ['groupless', {}, /^custom.shardbeat: missing; serverless.yml has no groups there: add one, or give/],
    ['uninstalled', {}, /the Framework that reads it is not installed: npm install, or give --table/],
  ])('in %s with %j', async (folder, given, message) => {
    await expect(found(folder, given)).rejects.toThrow(message);
  });

  it('where the dead letters are, if that is known only when it is deployed', async () => {
    const target = await found('project', { group: 'back' });
    const group = await target.open();
    await expect(group.countDeadLetters()).rejects.toThrow(/^--dead-letters: /);
    expect(() => group.deadLetters()).toThrow(/^--dead-letters: /);
  });
});
