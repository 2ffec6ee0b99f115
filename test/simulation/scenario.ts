import type { Position } from '../../lib/sources/source.ts';
import { deriveTimes, functionTimeoutMsMax, type Times } from '../../lib/times.ts';
import type { Dice } from '../../local/faults/dice.ts';
import { drawRates, type FaultName, type FaultRates } from './faults.ts';
import { drawUser, type Habits, type UserScenario } from './user/habits.ts';

/** Everything that a seed decides before the first event. */
export interface Scenario extends UserScenario {
  seed: number;
  rates: FaultRates;
  /** How long faults go on. */
  minutes: number;
  slots: number;
  shards: number;
  times: Times;
  order: boolean;
  start: Position['at'];
  /** Minutes after the start from which on records are not wanted. */
  endMinutes: number | undefined;
  /** Does the service refuse a cursor before its oldest record? */
  expiresCursors: boolean;
  /** Do its cursors tell how far they are from each other? */
  tellsDistance: boolean;
  /** Do ticks measure their clock against the table's? */
  measuresSkew: boolean;
  byLag: boolean;
  /** How many shards a slot's item has room for. */
  slotShardsMax: number;
  /** Do all slots tick at the same moment of the interval? */
  together: boolean;
  /** How long a usual batch takes at most. */
  processMsMax: number;
  /** Does the schedule start a tick anywhere within its interval? */
  jitters: boolean;
  /** Does somebody ring for slots; and do they always give back? */
  rings: boolean;
  doorbell: boolean;
  /** Until when a tick goes on polling. */
  lingerMs: number;
  batchesMax: number;
  countMax: number;
  shardsParallelMax: number;
  /** What all shards of a tick may have in memory; and whether the service can be told how much a pull may bring. */
  bytesMax: number;
  heedsBytes: boolean;
  /** Records that a busy shard receives in one interval. */
  recordsPerInterval: number;
  /** Does somebody read the past again beside the group? */
  replays: boolean;
  /** Is the table in two regions, and half of the slots in each? */
  regions: boolean;
}

/** What the command line and the shrinker may say instead of the seed. */
export interface Overrides {
  minutes?: number | undefined;
  slots?: number | undefined;
  shards?: number | undefined;
  without?: readonly FaultName[] | undefined;
}

const INTERVAL_MS = 60_000;
const REPLAYS_SHARE = 0.25;
const REGIONS_SHARE = 0.2;
const WRITES_SHARE = 0.3;

function withWrites(habits: Habits, dice: Dice): Habits {
  if (!dice.chance(WRITES_SHARE)) return habits;
  return { ...habits, takes: 'batches', writesMax: dice.pick([1, 2, 3, 100]) };
}

export function drawScenario(seed: number, dice: Dice, overrides: Overrides): Scenario {
  const usualTimeoutMs = dice.pick([15_000, 48_000, 48_000, 53_000]);
  const lingers = dice.fork('lingers');
  const lingerMs = lingers.pick([0, 0, 0, 10_000, Number.POSITIVE_INFINITY]);
  const isLong = lingerMs === Number.POSITIVE_INFINITY && lingers.chance(0.7);
  const functionTimeoutMs = isLong ? functionTimeoutMsMax(INTERVAL_MS) : usualTimeoutMs;
  const user = drawUser(dice.fork('user'), { intervalMs: INTERVAL_MS, functionTimeoutMs });
  const rates = drawRates(dice.fork('rates'), user);
  for (const name of overrides.without ?? []) rates[name] = 0;
  const rooms = dice.fork('rooms');
  const bytes = dice.fork('bytes');
  const replays = dice.fork('replays').chance(REPLAYS_SHARE);
  const leases = dice.fork('leases');
  const sessionTimeoutMs = dice.pick([65_000, 120_000, 120_000, 180_000]);
  const drawn = {
    seed,
    rates,
    minutes: dice.between(6, 18),
    slots: dice.between(1, 4),
    shards: dice.between(1, 4),
    times: deriveTimes(INTERVAL_MS, { functionTimeoutMs, sessionTimeoutMs }),
    order: dice.chance(0.7),
    start: dice.pick(['begin', 'begin', 'end', 'time'] as const),
    endMinutes: dice.chance(0.15) ? dice.between(1, 18) : undefined,
    expiresCursors: dice.chance(0.5),
    measuresSkew: dice.chance(0.5),
    byLag: dice.chance(0.3),
    tellsDistance: rooms.chance(0.7),
    slotShardsMax: rooms.chance(0.2) ? rooms.between(1, 3) : Number.POSITIVE_INFINITY,
    together: dice.chance(0.5),
    // Drawn anew for every attempt: one that mostly takes longer than a tick has may never come to its end. `processSlow` is for that.
    processMsMax: Math.min(dice.pick([50, 400, 400, 5_000, 20_000]), functionTimeoutMs / 2),
    jitters: leases.chance(0.3),
    rings: leases.chance(0.3),
    doorbell: leases.chance(0.2),
    lingerMs,
    batchesMax: dice.pick([1, 3, Number.POSITIVE_INFINITY]),
    countMax: dice.pick([1, 2, 3, 4, 5, 12]),
    shardsParallelMax: dice.between(1, 4),
    // From four records to more than there ever are.
    bytesMax: bytes.pick([1, 2, 3, 8, 1_000]) * 1024 * 1024,
    heedsBytes: bytes.chance(0.7),
    recordsPerInterval: dice.pick([1, 4, 10]),
    replays,
    // A replay is in one region, as whoever asked for it.
    regions: !replays && dice.fork('regions').chance(REGIONS_SHARE),
    ...user,
    habits: withWrites(user.habits, dice.fork('writes')),
  };
  return {
    ...drawn,
    minutes: overrides.minutes ?? drawn.minutes,
    slots: overrides.slots ?? drawn.slots,
    shards: overrides.shards ?? drawn.shards,
  };
}
