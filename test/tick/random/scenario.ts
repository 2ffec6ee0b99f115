import { deriveTimes, type Times } from '../../../lib/times.ts';
import { createDice, type Dice } from '../../../local/faults/dice.ts';
import { drawUser, type PoisonKind, type UserScenario } from '../../simulation/user/habits.ts';
import { INTERVAL_MS } from '../../support/world.ts';
import { clsStage } from '../stages/cls.ts';
import { slsStage } from '../stages/sls.ts';
import type { ServiceStage, StageOptions } from '../stages/stage.ts';

/** What a seed decides before the first event. */
export interface Scenario {
  seed: number;
  service: keyof typeof SERVICES;
  shards: number;
  slots: readonly string[];
  officials: number;
  rounds: number;
  /** Records of one pull, where the service counts them; bytes, where it counts those. */
  pull: { countMax: number; bytesMax: number };
  rates: Rates;
  times: Times;
  user: UserScenario & { processMsMax: number };
  /** The user's function may take all of a tick, or end its process. */
  mayHang: boolean;
  lingerMs: number;
}

/** Every service that assigns shards, in each way in which it may behave. */
export const SERVICES = {
  SLS: slsStage,
  CLS: clsStage({}),
  'CLS immediate': clsStage({ handOver: 'immediate' }),
  'CLS fenced': clsStage({ fencedCommits: true }),
  'CLS immediate fenced': clsStage({ handOver: 'immediate', fencedCommits: true }),
} as const satisfies Record<string, (options: StageOptions) => Promise<ServiceStage>>;

/** On top of its share of all that there are: most of them are one service. */
const SLS_SHARE = 0.25;

/** How often something happens, at most: per tick, per slot or worker and round, or per round, as its place of use says. */
const RATES_MAX = {
  dies: 0.4,
  pauses: 0.5,
  cold: 0.5,
  oldSandbox: 0.2,
  overlaps: 0.2,
  silent: 0.3,
  joins: 0.5,
  leaves: 0.06,
  drains: 0.08,
  failingCommits: 0.3,
  failingHeartbeats: 0.2,
  failingCheckpoints: 0.2,
  splits: 0.2,
  merges: 0.15,
  adds: 0.15,
  deletes: 0.1,
  seeks: 0.3,
  days: 0.06,
  stalls: 0.2,
  officialJoins: 0.5,
  officialDies: 0.2,
  timeouts: 0.2,
  processThrows: 0.2,
  processNames: 0.2,
  processDies: 0.1,
  processSlow: 0.1,
  sinkDown: 0.15,
  lettersFull: 0.15,
} as const;

export type RateName = keyof typeof RATES_MAX;
export type Rates = Record<RateName, number>;

export function drawScenario(seed: number): { scenario: Scenario; dice: Dice } {
  const dice = createDice(`service ${seed}`);
  const drawn = dice.fork('scenario');
  const officials = drawn.pick([0, 1, 2]);
  const rates = drawRates(drawn);
  // Now and then nothing that may repeat a batch.
  if (officials === 0 && drawn.chance(0.4)) Object.assign(rates, { dies: 0, seeks: 0 });
  for (const name of drawn.pick(officials > 0 ? SHARED_THEMES : THEMES)) rates[name] = RATES_MAX[name];
  // A new sandbox brings the settings back in any case: mostly, those that are warm have to.
  if (rates.timeouts > 0 && drawn.chance(0.7)) Object.assign(rates, { cold: 0, dies: 0 });
  // Now and then nothing that keeps a slot from handing over as it should.
  const isGentle = officials > 0 && drawn.chance(0.4);
  if (isGentle) for (const name of SILENCING) rates[name] = 0;
  if (isGentle) rates.failingCommits = RATES_MAX.failingCommits;
  if (officials > 0) rates.officialJoins = RATES_MAX.officialJoins;
  const lingerMs = dice.fork('lingers').pick([0, 0, 0, Number.POSITIVE_INFINITY]);
  const mayHang = !isGentle && drawn.chance(0.7) && lingerMs === 0;
  const times = lingerMs === 0 ? drawTimes(drawn) : LINGERING;
  const user = drawUserOf(drawn, times, mayHang);
  for (const name of user.isPlain ? IN_USERS : mayHang ? [] : HANGING) rates[name] = 0;
  const scenario: Scenario = {
    seed,
    service: drawn.chance(SLS_SHARE) ? 'SLS' : drawn.pick(Object.keys(SERVICES) as Scenario['service'][]),
    shards: drawn.between(1, 6),
    slots: ['a', 'b', 'c'].slice(0, drawn.between(1, 3)),
    officials,
    rounds: user.isPlain ? drawn.between(4, 10) : drawn.between(6, 16),
    pull: { countMax: drawn.between(1, 3), bytesMax: drawn.pick([1, 200, 100_000]) },
    rates,
    times,
    user,
    mayHang,
    lingerMs,
  };
  return { scenario, dice };
}

/** With the longer interval nothing waits for more than one: what takes many ticks happens among all the rest. */
const INTERVALS_MS = [INTERVAL_MS, 15 * INTERVAL_MS];
/** All slots of a run can hang one after another, and each ticks in each interval all the same. */
const FUNCTION_SHARE = 0.25;
/** A tick that lingers asks the service once in a while, and lets the others tick meanwhile. */
const LINGERING = deriveTimes(INTERVAL_MS, { functionTimeoutMs: INTERVAL_MS / 2 });

function drawTimes(dice: Dice): Times {
  const intervalMs = dice.pick(INTERVALS_MS);
  return deriveTimes(intervalMs, { functionTimeoutMs: intervalMs * FUNCTION_SHARE });
}

/** Runs are short: a poison record is to be among those that are put, and to be given up while things happen. */
const POISON_SHARE_MIN = 0.2;
const ATTEMPTS_MAX = [1, 2, 3];

/** The simulation's users, more of them not well, and with fewer attempts. */
function drawUserOf(dice: Dice, times: Times, mayHang: boolean): Scenario['user'] {
  const drawn = drawUser(dice, times);
  const { isPlain, delivery, habits } = drawn.isPlain && dice.chance(0.4) ? drawUser(dice, times) : drawn;
  const user = { isPlain, processMsMax: dice.pick([0, 10, 500, 2_000]) };
  if (isPlain) return { ...user, delivery, habits };
  const attemptsMax = dice.pick(ATTEMPTS_MAX);
  const given = { ...delivery, attemptsMax, recordsParallelMax: dice.pick([1, 2, 4]) };
  // However many shards it has, a slot can keep up with what is put.
  const msPerRecord = Math.min(habits.msPerRecord, times.functionTimeoutMs / 12);
  const poison = habits.poison && {
    ...habits.poison,
    share: Math.max(POISON_SHARE_MIN, habits.poison.share),
    kinds: mayHang ? habits.poison.kinds : GENTLE_KINDS,
    isCured: given.onPoison === 'block' || habits.poison.isCured,
  };
  return { ...user, delivery: given, habits: { ...habits, msPerRecord, poison, sinkStaysDown: false } };
}

const GENTLE_KINDS: readonly PoisonKind[] = ['throws', 'names'];

/** What only a function does that is not well. */
const IN_USERS = ['processNames', 'processDies', 'processSlow', 'sinkDown', 'lettersFull'] as const;
const HANGING = ['processDies', 'processSlow'] as const;

/** Most kinds are off in one run: what only two or three of them bring about must happen often. */
function drawRates(dice: Dice): Rates {
  const rates = {} as Rates;
  for (const name of Object.keys(RATES_MAX) as RateName[]) {
    rates[name] = dice.chance(0.6) ? 0 : RATES_MAX[name] * dice.pick([0.3, 1]);
  }
  return rates;
}

/** What is only met together, and so must be frequent together. */
const THEMES: readonly (readonly RateName[])[] = [
  [],
  ['seeks', 'dies'],
  ['seeks', 'dies', 'cold'],
  ['joins', 'silent', 'pauses'],
  ['joins', 'failingCommits', 'cold'],
  ['days', 'splits', 'merges', 'cold'],
  ['silent', 'deletes'],
  ['timeouts'],
];
const SHARED_THEMES: readonly (readonly RateName[])[] = [
  [],
  ['silent', 'officialDies'],
  ['silent', 'stalls'],
  ['dies', 'cold', 'failingCheckpoints'],
];

/** What lets the service take a slot for dead, or its checkpoints away, or lets an official worker write where it holds nothing. */
const SILENCING = [
  'dies',
  'silent',
  'leaves',
  'failingHeartbeats',
  'days',
  'deletes',
  'stalls',
  'seeks',
  'drains',
  'timeouts',
] as const;

/** Whether every shard that goes from us to an official worker was handed over as it should be. */
export const handsOver = ({ service, rates }: Scenario): boolean =>
  !service.includes('immediate') && SILENCING.every((name) => rates[name] === 0);
