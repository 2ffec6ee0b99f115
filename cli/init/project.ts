/** What a new project consists of. */
export interface Project {
  name: string;
  source: 'sls' | 'cls';
  /** Of this package, and of `shardbeat-local`. */
  version: string;
}

/** The files of a project that runs on the local stack, has a test and is packaged for AWS Lambda: path → text. */
export function filesOf(project: Project): Record<string, string> {
  const { name } = project;
  return {
    'package.json': `${JSON.stringify(manifestOf(project), undefined, 2)}\n`,
    'tsconfig.json': `${JSON.stringify(TYPESCRIPT, undefined, 2)}\n`,
    'serverless.yml': serviceOf(project),
    '.gitignore': 'node_modules/\n.serverless/\n',
    'README.md': readmeOf(project),
    [`src/${name}.ts`]: MODULE,
    [`test/${name}.test.ts`]: testOf(project),
  };
}

function manifestOf({ name, source, version }: Project): object {
  return {
    name,
    private: true,
    type: 'module',
    scripts: {
      start: `shardbeat local --source ${source} --module src/${name}.ts`,
      test: 'tsc && node --test test/*.test.ts',
      package: 'osls package',
      deploy: 'osls deploy',
    },
    // Of the packages with scripts of their own, Node and esbuild put a program in its place; the others do without.
    allowScripts: { 'classic-level': false, 'es5-ext': false, esbuild: true, node: true },
    dependencies: { shardbeat: `^${version}` },
    devDependencies: {
      '@types/node': '^24.0.0',
      node: '^24.0.0',
      serverless: 'npm:osls@^4.3.1',
      'shardbeat-local': `^${version}`,
      typescript: '^5.9.0 || ^6.0.0 || ^7.0.0',
    },
  };
}

const TYPESCRIPT = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  },
  include: ['src', 'test'],
};

const MODULE = `import type { EachBatch } from 'shardbeat';

/**
 * What is done with the records: put your own code here. It is given one shard's next records, in order; when it returns,
 * their checkpoint is written; when it throws, they come again.
 */
export const eachBatch: EachBatch = (batch, { logger }) => {
  let lines = 0;
  for (const record of batch.records) if (record.get('content') !== undefined) lines += 1;
  logger.info('lines.counted', { batch: batch.id, lines });
};
`;

function testOf({ name }: Project): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchOf, contextOf } from 'shardbeat/testing';
import { eachBatch } from '../src/${name}.ts';

test('counts the records that have a line', async () => {
  const context = contextOf();
  await eachBatch(batchOf([{ content: 'one' }, { content: 'two' }, { other: 'three' }]), context);
  const [{ event, lines } = {}] = context.logged;
  assert.deepEqual({ event, lines }, { event: 'lines.counted', lines: 2 });
});
`;
}

const STREAMS = {
  sls: `        sls:
          endpoint: cn-hangzhou.log.aliyuncs.com
          project: example-project
          logstore: example-logstore
          # Name of a secret in Secrets Manager: {"accessKeyId": "…", "accessKeySecret": "…"}.
          secret: shardbeat/sls
`,
  cls: `        cls:
          region: ap-guangzhou
          logset: 11111111-1111-4111-8111-111111111111
          topics: [22222222-2222-4222-8222-222222222222]
          # Name of a secret in Secrets Manager: {"accessKeyId": "…", "accessKeySecret": "…"}.
          secret: shardbeat/cls
`,
};

function serviceOf({ name, source }: Project): string {
  return `# yaml-language-server: $schema=node_modules/shardbeat/dist/infra/schema.json
service: ${name}
frameworkVersion: "4"

plugins: [shardbeat]

provider:
  name: aws
  # Where the functions run.
  region: ap-southeast-1
  runtime: nodejs24.x
  architecture: arm64

custom:
  shardbeat:
    groups:
      ${name}:
        module: src/${name}.ts
        # Consumers of the group; each has a schedule of its own.
        slots: 2
        interval: 1m
        # Where a new group starts to read: begin, end, or a time.
        start: end
${STREAMS[source]}`;
}

function readmeOf({ name, source }: Project): string {
  const service = source === 'sls' ? 'Alibaba Cloud SLS' : 'Tencent Cloud CLS';
  return `# ${name}

Consumes a log stream of ${service} with [src/${name}.ts](src/${name}.ts), a scheduled function of AWS Lambda.

\`\`\`sh
npm install
npm start          # runs it on a local stream; \`npm start -- --help\` lists the options
npm test           # types and unit tests
npm run package    # what is deployed, in .serverless/
npm run deploy     # deploys it: name the stream in serverless.yml first
\`\`\`
`;
}
