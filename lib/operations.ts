/** What an operator does to a group while its consumers run. Each call is safe at any moment, and may be repeated. */
import { createDeadLetters } from './compose/deadLetters.ts';
import { createDeployed, type Deployed } from './compose/deployed.ts';
import { composeGroup, composeStore } from './compose/group.ts';
import { type OpenGroup, operate } from './compose/openGroup.ts';
import { describeOwn } from './compose/ownSource.ts';
import { composeReplayTable } from './compose/replayTable.ts';
import { placeOfDeadLetters } from './config/deadLetters.ts';
import type { Environment } from './config/rules.ts';
import { readSettings } from './config/settings.ts';
import type { AwsAccount } from './credentials/awsCall.ts';
import { SettingsError } from './errors.ts';
import { type AnyLogger, asLogger, isLogger, LOGGER_REMEDY } from './observe/anyLogger.ts';
import { createLogger, type Logger } from './observe/logger.ts';
import { systemClock as clock, systemRandom as random } from './runtime.ts';
import type { Source } from './sources/source.ts';
import { unhurried } from './times.ts';

export type { OpenGroup } from './compose/openGroup.ts';
export type { ReplayLeft, ReplayOperations, ReplayOptions, ReplayRequest } from './compose/openReplay.ts';
export type {
  KeptLetter,
  LetterFilter,
  LetterHead,
  LetterRecord,
} from './delivery/deadLetters/deadLetters.ts';
export type { Dropped } from './delivery/openLetters.ts';
export type { RedriveRequest, RedriveResult } from './delivery/redrive.ts';
export type { Description } from './group/describe.ts';
export type { Lag, ShardLag } from './group/lag.ts';
export type { CallOptions, DryRunOptions, Removed, ShardOptions } from './group/open.ts';
export type { SeekRequest, Sought } from './group/operations.ts';
export type { Wait } from './group/waits.ts';
export type { Cleared } from './replay/clear.ts';
export type { GivenUpRecords, ReplayResult } from './replay/conduct.ts';
export type { ReplayProgress } from './replay/progress.ts';
export type { ReplayCount, ReplayRefused, ReplayShard, ReplayStanding } from './replay/replay.ts';

/**
 * A group by the settings of its function, or by its table and name; then also where its dead letters are, if not in the table, as
 * `SHARDBEAT_DEAD_LETTERS` has it. A source is needed for the lag, to seek to a position, and for dead letters whose record was too
 * large to be kept; in its place, the deployed `function` of that name or ARN does it, so that an operator needs no key of the log
 * service. The `logger` takes what there is to say besides, such as why a redrive failed, in place of one JSON object a line on stderr.
 */
export type GroupAddress = { source?: Source; logger?: AnyLogger } & (
  | { environment: Environment }
  | { table: string; group: string; deadLetters?: string; function?: string }
);

/**
 * Opens a group to operate on. With the `environment` of its function it knows the stream, too. The table is asked with the
 * credentials and the region that the AWS SDK finds. Throws a SettingsError for settings that cannot be used; nothing is sent.
 */
export function openGroup(address: GroupAddress): OpenGroup {
  const { source } = address;
  const runtime = { clock, random, logger: loggerOf(address.logger) };
  if ('environment' in address) {
    const settings = readSettings(address.environment, { own: source && describeOwn(source) });
    const { times } = settings;
    return operate({
      ...composeGroup({ ...settings, times: unhurried(times) }, runtime, source),
      ...runtime,
      group: settings.group,
      settings,
    });
  }
  const of = {
    ...address,
    times: unhurried(),
    deadLetters: placeOfDeadLetters(address.deadLetters, process.env),
  };
  const composed = composeStore(of, runtime);
  const deadLetters = createDeadLetters(of, { ...runtime, ...composed });
  const deployed = deployedOf(address, composed.client.config);
  const replayTable = composeReplayTable(of, { ...runtime, ...composed });
  return operate({
    ...composed,
    ...runtime,
    ...{ deadLetters, source, deployed, replayTable, group: address.group, tableName: address.table },
  });
}

function loggerOf(given: AnyLogger | undefined): Logger {
  if (given !== undefined && !isLogger(given)) throw new SettingsError('logger', typeof given, LOGGER_REMEDY);
  const write = (line: string) => process.stderr.write(`${line}\n`);
  return given === undefined ? createLogger({ level: 'warn', write, now: clock.now }) : asLogger(given);
}

function deployedOf({ function: name }: { function?: string }, account: AwsAccount): Deployed | undefined {
  if (name === undefined) return undefined;
  const endpoint = process.env.AWS_ENDPOINT_URL_LAMBDA ?? process.env.AWS_ENDPOINT_URL;
  return createDeployed({ name, account, endpoint, clock, random });
}
