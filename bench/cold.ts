/**
 * How long a function takes to start: fresh processes of Node that import the bundle as it is deployed, in turns with a bare client of
 * DynamoDB, bundled as anybody would. CPU is that of the import, since on a machine with other work the clock tells of that, too.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { BUNDLED, bundleModule } from '../infra/bundle.ts';
import { HOST } from '../infra/bundling/target.ts';
import { type Bar, bench, median, ROUNDS, roundsOf } from './support/report.ts';

const START = join(import.meta.dirname, 'support/coldStart.mjs');
const MODULE = join(import.meta.dirname, '../functions/consume/accessLog.ts');
const BARE = `import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
const client = new DynamoDBClient({});
export const handler = (event) => client.send(new UpdateItemCommand(event));`;
const ENVIRONMENT = {
  SHARDBEAT_GROUP: 'access-log',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SOURCE: 'sls',
  SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
  SHARDBEAT_SLS_PROJECT: 'shop',
  SHARDBEAT_SLS_LOGSTORE: 'access-log',
  SHARDBEAT_SLS_SECRET: 'shardbeat/sls',
  AWS_REGION: 'eu-west-1',
};
const NO_SLOT = '{}';
/** What a tick's function may take to start, of what the client alone takes with which it writes its heartbeat. */
const RATIO_MAX = 1.2;

interface Start {
  importMs: number;
  cpuMs: number;
  /** Of those that are made to fail: until the stack of their error names its source. */
  stackMs?: number;
}

interface Case {
  name: string;
  bundle: string;
  event?: string;
  /** For Node. */
  options?: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

async function makeCases(folder: string): Promise<Case[]> {
  const bare = join(folder, 'bare/handler.mjs');
  await build({
    ...BUNDLED,
    target: `node${HOST.nodeMajor}`,
    write: true,
    outfile: bare,
    stdin: { contents: BARE, resolveDir: import.meta.dirname, sourcefile: 'handler.mjs' },
  });
  const { handler } = await bundleModule({ module: MODULE, directory: join(folder, 'ours') });
  const ours = join(folder, 'ours', handler);
  const cached = { NODE_COMPILE_CACHE: join(folder, 'cache') };
  return [
    { name: 'bare client', bundle: bare },
    { name: 'ours', bundle: ours },
    { name: 'ours, refusing its event', bundle: ours, event: NO_SLOT },
    { name: 'ours, with --enable-source-maps', bundle: ours, options: ['--enable-source-maps'] },
    { name: 'ours, compiled before', bundle: ours, environment: cached },
  ];
}

async function start({ bundle, event, options = [], environment }: Case): Promise<Start> {
  const args = [...options, START, bundle, ...(event === undefined ? [] : [event])];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...ENVIRONMENT, ...environment },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Start;
}

async function measureAll(rounds: number) {
  const folder = await mkdtemp(join(tmpdir(), 'shardbeat-cold-'));
  try {
    const cases = await makeCases(folder);
    const starts = new Map<string, Start[]>(cases.map(({ name }) => [name, []]));
    // The first round fills the caches of files, and that of compiled code.
    for (let round = -1; round < rounds; round++) {
      for (const each of cases) {
        const started = await start(each);
        if (round >= 0) starts.get(each.name)!.push(started);
      }
    }
    return [...starts].map(([name, those]) => ({ name, ...medians(those) }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function medians(starts: readonly Start[]): Start {
  const stacks = starts.flatMap(({ stackMs }) => stackMs ?? []);
  return {
    importMs: median(starts.map(({ importMs }) => importMs)),
    cpuMs: median(starts.map(({ cpuMs }) => cpuMs)),
    ...(stacks.length > 0 && { stackMs: median(stacks) }),
  };
}

function barsOf([bare, ours]: readonly Start[]): Bar[] {
  const bar = (what: string, value: number): Bar => ({
    name: `${what} of what a bare client takes to start`,
    value,
    limit: RATIO_MAX,
    unit: '×',
    direction: 'at most',
  });
  return [bar('time', ours!.importMs / bare!.importMs), bar('CPU', ours!.cpuMs / bare!.cpuMs)];
}

process.exitCode = await bench(
  {
    name: 'cold',
    summary: 'how long a function takes to start, beside a bare client of DynamoDB',
    options: { rounds: { ...ROUNDS, default: '20', help: 'how many processes of each; 20 unless set' } },
  },
  async (options) => {
    const rounds = roundsOf(options);
    const figures = await measureAll(rounds);
    const bare = figures[0]!;
    console.log(`Medians of ${rounds} fresh processes of Node ${process.version}`);
    console.table(
      figures.map(({ name, importMs, cpuMs, stackMs }) => ({
        'what is imported': name,
        ms: Math.round(importMs),
        'CPU ms': Math.round(cpuMs),
        '× bare': Number((cpuMs / bare.cpuMs).toFixed(2)),
        'first stack ms': stackMs === undefined ? '' : Math.round(stackMs),
      })),
    );
    return { figures, bars: barsOf(figures) };
  },
);
