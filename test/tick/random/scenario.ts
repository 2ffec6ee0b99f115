import { createDice, type Dice } from '../../simulation/dice.ts';
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
}

/** Every service that assigns shards, in each way in which it may behave. */
export const SERVICES = {
  SLS: slsStage,
  CLS: clsStage({}),
  'CLS immediate': clsStage({ handOver: 'immediate' }),
  'CLS fenced': clsStage({ fencedCommits: true }),
  'CLS immediate fenced': clsStage({ handOver: 'immediate', fencedCommits: true }),
} as const satisfies Record<string, (options: StageOptions) => Promise<ServiceStage>>;

/** How often something happens, at most: per tick, per slot or worker and round, or per round, as its place of use says. */
const RATES_MAX = {
  dies: 0.4,
  pauses: 0.5,
  cold: 0.5,
  oldSandbox: 0.2,
  overlaps: 0.2,
  refuses: 0.2,
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
  const scenario: Scenario = {
    seed,
    service: drawn.pick(Object.keys(SERVICES) as Scenario['service'][]),
    shards: drawn.between(1, 6),
    slots: ['a', 'b', 'c'].slice(0, drawn.between(1, 3)),
    officials,
    rounds: drawn.between(4, 10),
    pull: { countMax: drawn.between(1, 3), bytesMax: drawn.pick([1, 200, 100_000]) },
    rates,
  };
  return { scenario, dice };
}

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

/** Whether a batch may come twice to our slots. */
export const mayRepeat = ({ officials, rates }: Scenario): boolean =>
  officials > 0 || rates.dies > 0 || rates.seeks > 0;
