/** What operators do, typed as they type it, about a group that a function keeps. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AwsReply, type AwsRequestSeen, REGION } from '../support/awsService.ts';
import type { Aws } from './aws.ts';
import { TABLE } from './function.ts';
import { ACCOUNT, type Statement } from './iam.ts';

const FUNCTION = 'shop-prod-shardbeat-orders';
const ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${FUNCTION}`;

/** Of a range in which there is nothing. */
const BEGUN = { begun: true, group: 'orders', table: TABLE, unit: 'log groups', patienceMs: 1, shards: [] };
const TURNED = { outcome: 'worked', batches: 0, records: 0, bytes: 0, expired: 0, errors: [], shards: [] };

const reply = (body: unknown): AwsReply => ({ body: JSON.stringify(body) });

/** As if the function were deployed, with its schedules. */
export function deploy(aws: Aws, environment: Readonly<Record<string, string>>): void {
  aws.answers.lambda = ({ path, body }: AwsRequestSeen) => {
    if (path.endsWith('/configuration')) {
      return reply({
        FunctionArn: ARN,
        Runtime: 'nodejs24.x',
        Timeout: 48,
        MemorySize: 512,
        State: 'Active',
        LastUpdateStatus: 'Successful',
        Environment: { Variables: environment },
      });
    }
    const { operate, redrive } = JSON.parse(body.toString());
    if (redrive !== undefined)
      return reply({ dryRun: false, found: 1, redriven: 1, failed: 0, skipped: 0, left: 0, stopped: 'done' });
    if ('replay' in operate) return reply('begin' in operate.replay ? BEGUN : TURNED);
    return reply('lag' in operate ? { unit: 'log groups', shards: [] } : []);
  };
  aws.answers.scheduler = ({ path }) =>
    reply(
      path === '/schedules'
        ? { Schedules: [{ Name: 'first', GroupName: 'default', Target: { Arn: ARN } }] }
        : {
            State: 'ENABLED',
            ScheduleExpression: 'rate(1 minute)',
            Target: { Input: '{"slot":"consumer-0"}', RetryPolicy: { MaximumRetryAttempts: 0 } },
          },
    );
}

/** What comes after each command. */
export const TARGET = `--table ${TABLE} --group orders --region ${REGION} --function ${FUNCTION}`;

/** Where dead letters are, as `SHARDBEAT_DEAD_LETTERS` has it. */
export const LETTERS = {
  table: () => 'table',
  s3: () => 's3://letters/dead',
  sqs: ({ url }: Aws) => `${url}/${ACCOUNT}/orders.fifo`,
} as const;

export interface Row {
  /** As they stand there, such as `seek --cursor`. */
  names: string[];
  always: string[];
  elsewhere: Record<'s3' | 'sqs', string[]>;
}

/** The table under "Rights of operators". */
export function operatorsMay(root: string): Row[] {
  const [, section = ''] = readFileSync(join(root, 'docs/deploy.md'), 'utf8').split(
    '### Rights of operators',
  );
  const rows = section
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const namesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  return rows.map((line) => {
    const [commands, always, s3, sqs] = line.split('|').slice(1);
    return {
      names: namesIn(commands),
      always: namesIn(always),
      elsewhere: { s3: namesIn(s3), sqs: namesIn(sqs) },
    };
  });
}

/** What is typed for each of them, if it is not the name alone; nothing for what is no command. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  pause: ['pause', 'pause --shard 0'],
  resume: ['resume', 'resume --shard 0'],
  drain: ['drain consumer-0'],
  undrain: ['undrain consumer-0'],
  seek: ['seek 0 --to begin --yes', 'seek all --to end --yes', 'seek 0 --ago 1h --yes'],
  'seek --cursor': ['seek 0 --cursor MTc5NTczNTI4NjY0ODAwMDAwMQ== --yes'],
  begin: [],
  end: [],
  // They do not end; a look is that of `status`.
  watch: [],
  console: [],
  remove: ['remove consumer-1'],
  delete: ['delete --yes'],
  replay: ['replay --clear', 'replay --from 2026-01-01T00:00:00Z --to 2026-01-02T00:00:00Z --yes'],
  'dead-letters show': ['dead-letters show 0/0'],
  'dead-letters drop': ['dead-letters drop --all --yes'],
};

const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  dynamodb: [`arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${TABLE}`],
  lambda: [ARN],
  scheduler: ['*'],
  s3: ['arn:aws:s3:::letters', 'arn:aws:s3:::letters/dead/orders/*'],
  sqs: [`arn:aws:sqs:${REGION}:${ACCOUNT}:orders.fifo`],
};

export const typing = {
  linesFor: (name: string): readonly string[] => LINES[name] ?? [name],
  policy: (actions: readonly string[]): Statement[] =>
    actions.map((action) => ({
      Effect: 'Allow',
      Action: action,
      Resource: RESOURCES[action.split(':')[0]!],
    })),
};
