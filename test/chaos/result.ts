import type { Account } from './account.ts';
import type { Crew, CrewCounts } from './crew.ts';
import type { Trail } from './trail.ts';

/** What a run came to; `--json` prints exactly this. */
export interface ChaosResult extends CrewCounts {
  seed: string;
  rounds: number;
  /** Nothing is wrong: every check held, and everything was read up. */
  ok: boolean;
  problems: readonly string[];
  produced: number;
  processed: number;
  lost: number;
  outOfOrder: number;
  damaged: number;
  duplicates: number;
  batchesRepeated: number;
  deadLetters: number;
  /** How many batches the sink refused, which goes by their ids. */
  refusals: number;
  /** What the function has counted, together with its checkpoints. */
  counted: number;
  keys: number;
  events: Readonly<Record<string, number>>;
  /** Of the platform and the connections. */
  faults: Readonly<Record<string, number>>;
  claims: number;
  sessionsExpired: number;
  /** By name, the warnings and errors that the functions logged. */
  complaints: Readonly<Record<string, number>>;
  seconds: number;
  /** Where everything that happened is written down, if something is wrong. */
  trail?: string;
}

export function resultOf(run: {
  seed: string;
  rounds: number;
  account: Account;
  crew: Crew;
  trail: Trail;
  events: Readonly<Record<string, number>>;
  faults: Readonly<Record<string, number>>;
  elapsedMs: number;
  failure: string | undefined;
}): ChaosResult {
  const { account, crew, trail, failure } = run;
  const { distinct: _, ...totals } = account.totals();
  const problems = [
    ...(failure === undefined ? [] : [failure]),
    ...(totals.lost > 0
      ? [`${totals.lost} records ${failure === undefined ? 'are lost' : 'did not come out until then'}`]
      : []),
    ...(totals.outOfOrder > 0 ? [`${totals.outOfOrder} records came out of their shard's order`] : []),
    ...(totals.damaged > 0 ? [`${totals.damaged} records came out that never went in`] : []),
    ...account.violations(),
  ];
  return {
    seed: run.seed,
    rounds: run.rounds,
    ok: problems.length === 0,
    problems,
    ...totals,
    events: run.events,
    faults: run.faults,
    ...crew.counts(),
    claims: trail.count('shard.claimed'),
    sessionsExpired: trail.count('slot.expired'),
    complaints: trail.complaints(),
    seconds: Math.round(run.elapsedMs / 100) / 10,
  };
}

/** The result for a person. */
export function formatResult(result: ChaosResult): string {
  const { events } = result;
  const sum = (...names: string[]): number => names.reduce((total, name) => total + (events[name] ?? 0), 0);
  const counted = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none';
  const rows = [
    ['seed', `${result.seed}, ${result.rounds} rounds in ${result.seconds} s`],
    [
      'records',
      `${result.produced} of ${result.keys} keys, ${result.lost} lost, ${result.outOfOrder} out of order`,
    ],
    [
      'duplicates',
      `${result.duplicates} in ${result.batchesRepeated} batches, each after an interrupted tick`,
    ],
    [
      'given up',
      `${result.deadLetters} records that are never taken; ${result.refusals} batches refused by the sink`,
    ],
    ['counted', `${result.counted} in transactions with the checkpoints`],
    ['kills', `${result.kills}`],
    ['shards', `${sum('split', 'splitAndKill')} splits, ${sum('merge', 'mergeAndKill')} merges`],
    [
      'slots',
      `${sum('join')} joins, ${sum('leave', 'drain')} leaves, ${result.sessionsExpired} sessions expired`,
    ],
    ['ticks', `${result.ticks}, ${result.timeouts} killed at their deadline, ${result.claims} claims`],
    ['events', counted(events)],
    ['faults', counted(result.faults)],
    ['complaints', counted(result.complaints)],
  ];
  const verdict = result.ok
    ? 'All is well: nothing lost, every key in order, every repeat explained, each record counted once.'
    : `NOT well:\n${result.problems.map((problem) => `  - ${problem}`).join('\n')}\n  everything that happened: ${result.trail}`;
  return [verdict, ...rows.map(([name, text]) => `  ${name!.padEnd(12)}${text}`)].join('\n');
}
