import { describeOwn } from '../../lib/compose/ownSource.ts';
import type { Environment } from '../../lib/config/rules.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { deliverBatches } from '../../lib/delivery/eachBatch.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import type { Source } from '../../lib/index.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import { ownCoordination } from '../../lib/tick/coordination/own.ts';
import { tick } from '../../lib/tick/tick.ts';
import type { LocalTable } from './localTable.ts';

/**
 * A tick of each slot of a while ago, in a group over a source of its own. The first ones join the group, the next make a plan, and then each slot
 * has its shards.
 */
export async function ticksBefore(
  { client }: LocalTable,
  of: { source: Source; settings: Environment; slots?: readonly string[] },
  agoMs: number,
): Promise<void> {
  const clock = { ...systemClock, now: () => Date.now() - agoMs };
  const settings = readSettings(of.settings, { own: describeOwn(of.source) });
  const at = { client, table: settings.table, group: settings.group, clock, random: systemRandom };
  const dependencies = {
    ...{ store: createDynamodbStore(at), source: of.source, coordination: ownCoordination },
    deliver: deliverBatches(() => {}),
    deadLetters: { put: async () => 'kept' as const },
    ...{ clock, random: systemRandom },
    logger: createLogger({ level: 'error', write: () => {}, now: clock.now }),
    ...{ caches: new Map(), endedRuns: new Set<string>() },
  };
  for (const slot of of.slots ?? ['consumer-0'])
    await tick(dependencies, settings, { slot, deadline: clock.now() + 48_000 });
}
