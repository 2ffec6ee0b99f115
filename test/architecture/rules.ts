/** Which folder of lib may import which. What stands directly in `lib` is `base`, on which everything stands, or `face`. */
const FACE = [
  'lib/index.ts',
  'lib/consume.ts',
  'lib/distance.ts',
  'lib/examine.ts',
  'lib/operations.ts',
  'lib/stacks.ts',
  'lib/starter.ts',
  'lib/testing.ts',
];

const LIBRARY: Readonly<Record<string, readonly string[]>> = {
  observe: [],
  base: ['observe'],
  http: ['base', 'observe'],
  commandLine: ['base', 'observe'],
  credentials: ['http', 'base', 'observe'],
  sources: ['http', 'base', 'observe'],
  group: ['sources', 'http', 'base', 'observe'],
  scaling: ['group', 'base', 'observe'],
  delivery: ['credentials', 'group', 'sources', 'http', 'base', 'observe'],
  config: ['credentials', 'group', 'sources', 'http', 'base', 'observe'],
  sinks: ['config', 'credentials', 'delivery', 'sources', 'http', 'base', 'observe'],
  tick: ['config', 'group', 'sources', 'delivery', 'base', 'observe'],
  replay: ['tick', 'config', 'group', 'sources', 'delivery', 'base', 'observe'],
  compose: ['replay', 'tick', 'config', 'credentials', 'delivery', 'group', 'sources', 'base', 'observe'],
  testing: ['compose', 'replay', 'tick', 'config', 'group', 'sources', 'delivery', 'base', 'observe'],
  face: [
    'testing',
    'compose',
    'replay',
    'scaling',
    'tick',
    'config',
    'credentials',
    'group',
    'sources',
    'delivery',
    'base',
    'observe',
  ],
};

/** It runs in a browser. */
const PAGE = 'cli/console/page';

/** Which folder of lib, or which other folder of the repository. */
export function folderOf(file: string): string {
  if (file.startsWith(`${PAGE}/`)) return PAGE;
  const [top = '', folder = '', ...rest] = file.split('/');
  if (top !== 'lib') return top;
  if (rest.length > 0) return `lib/${folder}`;
  return FACE.includes(file) ? 'lib/face' : 'lib/base';
}

const inLib = (folders: readonly string[]): string[] => folders.map((folder) => `lib/${folder}`);

const ALLOWED: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries(LIBRARY).map(([folder, others]) => [`lib/${folder}`, inLib(others)] as const),
  ['functions', ['lib/face']],
  ['infra', inLib(['config', 'delivery', 'base', 'observe'])],
  [
    'local',
    ['infra', ...inLib(['tick', 'config', 'commandLine', 'sources', 'delivery', 'http', 'base', 'observe'])],
  ],
  [PAGE, ['cli']],
  ['cli', ['infra', ...inLib(['face', 'config', 'commandLine', 'delivery', 'base', 'observe'])]],
]);

/** Between these folders only: each of them the files that may be imported. */
const ONLY: readonly { from: string; to: string; files: readonly string[]; why: string }[] = [
  {
    from: 'lib/group',
    to: 'lib/sources',
    files: ['lib/sources/source.ts'],
    why: 'the group knows shards and positions, and no log service',
  },
  {
    from: 'lib/delivery',
    to: 'lib/group',
    files: [
      'lib/group/itemWrite.ts',
      'lib/group/pending.ts',
      'lib/group/stores/dynamodbErrors.ts',
      'lib/group/stores/dynamodbExpressions.ts',
      'lib/group/stores/dynamodbTransaction.ts',
    ],
    why: 'delivery knows what is pending in a shard, and nothing else of the items of the group',
  },
  {
    from: PAGE,
    to: 'cli',
    files: ['cli/amounts.ts', 'cli/console/feed.ts', 'cli/console/history.ts'],
    why: 'the page knows what it is told, and nothing that runs in Node',
  },
  {
    from: 'local',
    to: 'lib/tick',
    files: ['lib/tick/result.ts'],
    why: 'the local stack shows what a tick answers, and speaks protocols for the rest',
  },
];

/** Whatever else names the AWS SDK is no adapter. */
const AWS_SDK = /^@(aws-sdk|smithy)\//;
const AWS_ADAPTERS =
  /^(lib\/group\/stores\/(dynamodb|serviceClock)|lib\/delivery\/deadLetters\/table|lib\/credentials\/aws|lib\/sinks\/(core\/aws|dynamodb)|local\/)/;

/** What is wrong about one file's imports, in sentences. */
export function violationsOf(file: string, imported: readonly string[]): string[] {
  return imported.flatMap((target) => violationOf(file, target) ?? []);
}

function violationOf(file: string, target: string): string | undefined {
  const [from, to] = [folderOf(file), folderOf(target)];
  if (AWS_SDK.test(target)) {
    return AWS_ADAPTERS.test(file) ? undefined : `${file} imports ${target}: only adapters know the AWS SDK`;
  }
  if (from === to || !/\.tsx?$/.test(target)) return undefined;
  if (!ALLOWED.get(from)?.includes(to)) return `${file} imports ${target}: ${from} may not import ${to}`;
  const only = ONLY.find((rule) => rule.from === from && rule.to === to);
  return only === undefined || only.files.includes(target)
    ? undefined
    : `${file} imports ${target}: ${only.why}`;
}
