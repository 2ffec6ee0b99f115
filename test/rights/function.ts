/** A group as the plugin makes it: its function does everything that it can do, with the rights of the role that it is given. */
import type { Context } from 'aws-lambda';
import { vi } from 'vitest';
import type { GroupConfig, ProviderConfig } from '../../infra/plugin/config.ts';
import { readGroup } from '../../infra/plugin/group.ts';
import { groupResources, TABLE_ID } from '../../infra/plugin/resources.ts';
import { type Consumer, consume, type LogRecord } from '../../lib/index.ts';
import { systemClock } from '../../lib/runtime.ts';
import type { LogService } from '../../local/run/services/service.ts';
import { LOG_SERVICES } from '../../local/run/services/services.ts';
import { REGION } from '../support/awsService.ts';
import { additions } from '../support/counters.ts';
import type { Aws } from './aws.ts';
import { ACCOUNT, resolved, type Statement } from './iam.ts';

export const TABLE = 'shop-prod-shardbeat';
const INTERVAL_MS = 60_000;
const { signal } = new AbortController();
const context = { getRemainingTimeInMillis: () => 48_000 } as Context;

/** What the role of a group may do, by the statements' names. */
export function roleOf(name: string, config: GroupConfig, provider: ProviderConfig = {}) {
  const { resources, function: made } = readGroup(name, config, {
    ...{ prefix: 'shop-prod', table: TABLE, provider },
  });
  const ids = { function: 'F', logGroup: 'L', role: 'R', scheduleRole: 'SR', schedule: 'S' };
  const { R } = groupResources({ ...resources, ids, logGroupName: '/aws/lambda/f' });
  const [{ PolicyDocument }] = R!.Properties.Policies as [{ PolicyDocument: { Statement: object[] } }];
  const arns = { [TABLE_ID]: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${TABLE}` };
  const policy = resolved(PolicyDocument.Statement, REGION, arns) as Statement[];
  return { policy, environment: made.environment as Record<string, string> };
}

/** The stream that the function reads, and where the plugin says that it is. */
export async function startStream(
  source: 'sls' | 'cls',
): Promise<{ logs: LogService; config: Record<string, string> }> {
  const logs = await LOG_SERVICES[source].start({ shards: 2, port: 0, bytesMax: 1e7, clock: systemClock });
  const prefix = `SHARDBEAT_${source.toUpperCase()}_`;
  const own = Object.entries(logs.environment).flatMap(([name, value]) =>
    name.startsWith(prefix) ? [[camelCase(name.slice(prefix.length)), value] as const] : [],
  );
  return { logs, config: Object.fromEntries(own) };
}

const camelCase = (name: string): string =>
  name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Every path of the function on which AWS is asked for something. */
export async function doEverything(
  aws: Aws,
  logs: LogService,
  environment: Record<string, string>,
  { leaveLetters = false } = {},
): Promise<void> {
  const refused = { poison: true };
  const eachRecord = (record: LogRecord) => {
    if (refused.poison && record.get('content')?.startsWith('poison')) throw new Error('no such order');
  };
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const handler = consume(
    { eachRecord },
    { environment: { ...environment, ...OWN, AWS_ENDPOINT_URL: aws.url }, logger: silent },
  );
  const put = (shard: number, ...contents: string[]) => {
    const records = contents.map((content) => ({ timeMs: Date.now(), fields: { content } }));
    return logs.put(shard, records, signal);
  };
  await rounds(handler, 3, 'consumer-0', 'consumer-1');
  // Of each shard some, more than there is room for dead letters: what is kept is counted anew, an hour later.
  await put(0, 'a', 'poison 0', 'b', 'poison 1', 'c');
  await put(1, 'd', 'poison 2', 'e', 'poison 3', 'f');
  await rounds(handler, 6, 'consumer-0', 'consumer-1');
  vi.setSystemTime(Date.now() + 2 * 3_600_000);
  await rounds(handler, 2, 'consumer-0', 'consumer-1');
  await handler({ operate: { lag: {} } }, context);
  await handler({ operate: { seek: { shard: '0', to: 'end' } } }, context).catch(() => {});
  await handler({ redrive: {} }, context);
  refused.poison = leaveLetters;
  await handler({ redrive: {} }, context);
  // A replay that is killed half-way.
  const range = { id: 'killed', from: Date.now() - 3 * 3_600_000, to: Date.now() - 60_000 };
  await handler({ operate: { replay: { begin: { ...range, slots: 1 } } } }, context);
  await handler({ operate: { replay: { turn: { ...range, slot: 'killed-0', ends: {} } } } }, context);
  // A slot whose schedule is gone.
  await rounds(handler, 4, 'consumer-0');
}

/** A function that counts in a table of its own, together with its checkpoint. */
export async function countAlong(
  aws: Aws,
  logs: LogService,
  environment: Record<string, string>,
): Promise<void> {
  const handler = consume(
    { eachBatch: () => ({ writes: additions({ red: 1 }) }) },
    { environment: { ...environment, AWS_ENDPOINT_URL: aws.url } },
  );
  await rounds(handler, 3, 'consumer-0', 'consumer-1');
  await logs.put(0, [{ timeMs: Date.now(), fields: { content: 'a' } }], signal);
  await rounds(handler, 1, 'consumer-0', 'consumer-1');
}

/** Two are enough to have no room for a third. */
const OWN = { SHARDBEAT_DEAD_LETTERS_MAX: '2', SHARDBEAT_ATTEMPTS_MAX: '1' };

async function rounds(handler: Consumer, count: number, ...slots: string[]): Promise<void> {
  for (let round = 0; round < count; round++) {
    for (const slot of slots) await handler({ slot }, context);
    vi.setSystemTime(Date.now() + INTERVAL_MS);
  }
}
