import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGING_MS_MAX, type Packaged, packageService } from './osls.ts';

const COLD_START = join(import.meta.dirname, 'fixtures/coldStart.mjs');
const ARCHIVE = 'shardbeat-access-log';
const FOLDER = 'functions/consume';
/**
 * A little above what the bundles are: more than half of it the DynamoDB client, without the ways to credentials that Lambda
 * never goes (135 kB); SLS takes 15 kB, CLS 20 kB, what both share 12 kB with 2 kB of it for decompression in WebAssembly, dead letters 20 kB with their three places, what an operator
 * may ask of a function 8 kB, what is measured and told 13 kB, stacks that name sources 2 kB, modules of Node that are required 2 kB, replays 6 kB, rings 3 kB, writes along with the checkpoint 6 kB. Lambda reads and compiles every byte at a cold start, so what adds tens of
 * kilobytes should be a decision, not an accident of an import.
 */
const BYTES_MAX = { 'handler.mjs': 457_500 };

interface Told {
  node: string;
  handler?: string;
  logged?: string[];
  error?: { name: string; field: string; message: string; stack: string };
}

let packaged: Packaged;
let directory: string;
let lambda: { Handler: string; Runtime: string; Environment: { Variables: Record<string, string> } };
beforeAll(async () => {
  packaged = await packageService();
  directory = await packaged.unpack(ARCHIVE);
  const found = Object.values(packaged.template.Resources).find(
    ({ Type }) => Type === 'AWS::Lambda::Function',
  );
  lambda = found?.Properties as typeof lambda;
}, PACKAGING_MS_MAX);
afterAll(() => packaged?.[Symbol.asyncDispose]());

/** Starts the unpacked function in a process of its own, with the environment of the template and the given changes. */
async function coldStart(changes: Record<string, string | undefined>, event?: unknown): Promise<Told> {
  const environment = { ...lambda.Environment.Variables, AWS_REGION: 'eu-west-1', ...changes };
  const bundle = `${lambda.Handler.slice(0, lambda.Handler.lastIndexOf('.'))}.mjs`;
  const argument = event === undefined ? [] : [JSON.stringify(event)];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [COLD_START, join(directory, bundle), ...argument],
    { env: environment, cwd: directory },
  );
  // Before it stands what the function logs.
  const logged = stdout.trim().split('\n');
  return { ...JSON.parse(logged.pop()!), ...(logged.length > 0 && { logged }) };
}

describe('the archive', () => {
  it('holds the bundle with its map, and nothing else', () => {
    const expected = Object.keys(BYTES_MAX).flatMap((name) => [`${FOLDER}/${name}`, `${FOLDER}/${name}.map`]);
    expect([...packaged.archives[ARCHIVE]!.keys()].sort()).toEqual(expected.sort());
  });

  it.each(Object.entries(BYTES_MAX))('keeps %s under %i bytes', (name, bytesMax) => {
    const bytes = packaged.archives[ARCHIVE]?.get(`${FOLDER}/${name}`)?.length;
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(bytesMax);
  });

  it('has no part of what packaged it', () => {
    expect(packaged.archives[ARCHIVE]?.get(`${FOLDER}/handler.mjs`)?.toString()).not.toMatch(
      /infra\/plugin|esbuild/,
    );
  });
});

describe('what a user may bring', () => {
  it('is not there where nobody has brought it', () => {
    // As their copies find each other, and where they write.
    const markers = /opentelemetry\.js\.api|powertools/i;
    expect(packaged.archives[ARCHIVE]?.get(`${FOLDER}/handler.mjs`)?.toString()).not.toMatch(markers);
  });
});

describe('the unpacked function', () => {
  it('starts with the environment of the template, under the Node of its runtime', async () => {
    const told = await coldStart({});
    expect(told).toEqual({ node: expect.any(String), handler: 'function' });
    expect(`nodejs${told.node.split('.')[0]}.x`).toBe(lambda.Runtime);
  });

  it.each(['SHARDBEAT_GROUP', 'SHARDBEAT_TABLE', 'SHARDBEAT_INTERVAL', 'SHARDBEAT_SLS_PROJECT'])(
    'does not start without %s, and says so',
    async (field) => {
      const { error, handler } = await coldStart({ [field]: undefined });
      expect(handler).toBeUndefined();
      expect(error).toMatchObject({ name: 'SettingsError', field });
      expect(error?.message).toContain(field);
    },
  );

  it('does not start without credentials, nor with a region that nothing names', async () => {
    const { error } = await coldStart({ SHARDBEAT_SLS_SECRET: undefined });
    expect(error).toMatchObject({ name: 'SettingsError', field: 'SHARDBEAT_SLS_ACCESS_KEY_ID' });
    const accelerated = {
      SHARDBEAT_SLS_ENDPOINT: 'log-global.aliyuncs.com',
      SHARDBEAT_SLS_REGION: undefined,
    };
    const { error: regionError } = await coldStart(accelerated);
    expect(regionError).toMatchObject({ name: 'SettingsError', field: 'SHARDBEAT_SLS_REGION' });
  });

  it('refuses an event that names no slot', async () => {
    const { error, handler } = await coldStart({}, { time: '2026-01-31T12:00:00Z' });
    expect(handler).toBe('function');
    expect(error).toMatchObject({ name: 'SettingsError', field: 'event.slot' });
  });

  it('refuses a slot that has no schedule, before it asks anybody anything', async () => {
    const { error } = await coldStart({}, { slot: 'consumer-9' });
    expect(error).toMatchObject({ name: 'SettingsError', field: 'event.slot' });
    expect(error?.message).toContain('the group has consumer-0, consumer-1: SHARDBEAT_SLOTS says so');
  });

  it('warns of a setting that nobody reads', async () => {
    const { logged, handler } = await coldStart({ SHARDBEAT_STRAT: 'end' });
    expect(handler).toBe('function');
    const [warning] = (logged ?? []).map((line) => JSON.parse(line));
    expect(warning).toMatchObject({ level: 'warn', event: 'settings.unknown', name: 'SHARDBEAT_STRAT' });
  });

  it('names sources, not places in a minified line, when it fails', async () => {
    const { error } = await coldStart({ SHARDBEAT_GROUP: undefined });
    expect(error?.stack).toMatch(/lib\/config\/settings\.ts:\d+:\d+/);
  });
});
