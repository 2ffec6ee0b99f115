/** What can be found out about a group and what it stands on, for the command line: each part by itself, and nothing is written. */
import { composeGroup, composeStore } from './compose/group.ts';
import type { Settings } from './config/settings.ts';
import {
  createDeployedReader,
  type DeployedFunction,
  type DeployedSchedule,
} from './credentials/awsDeployed.ts';
import {
  probe,
  readBackups,
  readShape,
  readTimeToLive,
  TABLE_ACTIONS,
  type TableRegions,
  type TableShape,
} from './credentials/awsTable.ts';
import type { Description } from './group/describe.ts';
import type { GroupItem } from './group/items.ts';
import { agreement } from './group/join.ts';
import { listAll, remedyOf } from './group/listing.ts';
import { operateOn } from './group/open.ts';
import { createLogger } from './observe/logger.ts';
import { systemClock as clock, systemRandom as random } from './runtime.ts';
import { termsOf } from './tick/terms.ts';
import { unhurried } from './times.ts';

export {
  type DeployedFunction,
  type DeployedSchedule,
  type Description,
  TABLE_ACTIONS,
  type TableRegions,
  type TableShape,
};
export type TableAction = (typeof TABLE_ACTIONS)[number];

/** Each asks once, and rejects with what is in the way. */
export interface Examiner {
  shape(signal: AbortSignal): Promise<TableShape>;
  /** The attribute by which the table deletes items; undefined: it deletes none. */
  timeToLive(signal: AbortSignal): Promise<string | undefined>;
  /** Whether the table can be restored as it was at any second of the last days. */
  backups(signal: AbortSignal): Promise<boolean>;
  /** Resolves if whoever asks may do it. */
  may(action: TableAction, signal: AbortSignal): Promise<void>;
  describe(signal: AbortSignal): Promise<Description>;
  /** How far this clock is behind the table's, as its last answer tells. */
  skewMs(): number;
  function(name: string, signal: AbortSignal): Promise<DeployedFunction>;
  schedules(
    of: { functionArn: string; starterArn: string },
    signal: AbortSignal,
  ): Promise<DeployedSchedule[]>;
}

/** With the credentials and the region that the AWS SDK finds. Nothing is sent. */
export function examine({ table, group }: { table: string; group: string }): Examiner {
  const of = { table, group, times: unhurried() };
  const { client, store, skewMs } = composeStore(of, { clock, random });
  const { AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_LAMBDA: lambda = all } = process.env;
  const { AWS_ENDPOINT_URL_SCHEDULER: scheduler = all } = process.env;
  const endpoints = { lambda, scheduler };
  const deployed = createDeployedReader({ account: client.config, endpoints, clock, random });
  return {
    shape: (signal) => readShape(client, table, signal),
    timeToLive: (signal) => readTimeToLive(client, table, signal),
    backups: (signal) => readBackups(client, table, signal),
    may: (action, signal) => probe(client, { table, group, action }, signal),
    describe: (signal) => operateOn({ store, clock, skewMs }).describe({ signal }),
    skewMs,
    ...deployed,
  };
}

/** What the group and a deployment with these settings do not have in common; such a deployment does no work. */
export function disagreements(group: GroupItem, settings: Settings): string[] {
  const joined = agreement(group, termsOf(settings, { kind: settings.coordination }));
  return joined.agreed ? [] : joined.differences;
}

/** Asks the log service for all shards, and for the end of one: what a plan and a claim need. Returns how many there are. */
export async function listStream(settings: Settings, signal: AbortSignal): Promise<number> {
  const logger = createLogger({ level: 'error', write: () => {}, now: clock.now });
  const times = unhurried(settings.times);
  const { source } = composeGroup({ ...settings, times }, { clock, random, logger });
  const { shards, unlisted } = await listAll(source, signal, { signal });
  for (const error of unlisted.values()) throw error;
  await source.cursorAt(shards[0]!.id, { at: 'end' }, signal);
  return shards.length;
}

export { remedyOf };
