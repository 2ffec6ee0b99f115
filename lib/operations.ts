/** What an operator does to a group while its consumers run. Each call is safe at any moment, and may be repeated. */
import { composeGroup, composeStore } from './compose/group.ts';
import { describeOwn } from './compose/ownSource.ts';
import type { Environment } from './config/rules.ts';
import { readSettings } from './config/settings.ts';
import { type OpenGroup, operateOn } from './group/open.ts';
import { createLogger } from './observe/logger.ts';
import { systemClock as clock, systemRandom as random } from './runtime.ts';
import type { Source } from './sources/source.ts';
import { deriveTimes } from './times.ts';

export type { Description } from './group/describe.ts';
export type { CallOptions, OpenGroup, Removed } from './group/open.ts';
export type { Sought } from './group/operations.ts';

/** A group by the settings of its function, or by its table and name. A source is needed to seek to a position only. */
export type GroupAddress =
  | { environment: Environment; source?: Source }
  | { table: string; group: string; source?: Source };

/** No function's time is short here: an attempt may take as long as any. */
const INTERVAL_MS = 60_000;

/**
 * Opens a group to operate on. With the `environment` of its function it knows the stream, too. The table is asked with the
 * credentials and the region that the AWS SDK finds. Throws a SettingsError for settings that cannot be used; nothing is sent.
 */
export function openGroup(address: GroupAddress): OpenGroup {
  const { source } = address;
  if ('environment' in address) {
    const settings = readSettings(address.environment, { own: source && describeOwn(source) });
    const write = (line: string) => process.stderr.write(`${line}\n`);
    const logger = createLogger({ level: 'warn', write, now: clock.now });
    return operateOn({ ...composeGroup(settings, { clock, random, logger }, source), clock });
  }
  const composed = composeStore({ ...address, times: deriveTimes(INTERVAL_MS) }, { clock, random });
  return operateOn({ ...composed, source, clock });
}
