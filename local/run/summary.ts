import type { DynamodbUsage } from '../dynamodb.ts';
import type { Board, LogServiceUsage } from './board.ts';
import type { Proof } from './proof.ts';
import { counted, number, table } from './view.ts';

/** What a run came to; `--json` prints exactly this. */
export interface Summary {
  produced: number;
  processed: number;
  distinct: number;
  duplicates: number;
  deadLetters: number;
  lost: number;
  outOfOrder: number;
  ticks: number;
  handOffs: number;
  dynamodb: DynamodbUsage;
  logService: LogServiceUsage;
  /** How often each kind of fault happened, under chaos. */
  faults?: Readonly<Record<string, number>>;
  seconds: number;
}

export interface RunResult {
  summary: Summary;
  /** Stopped from outside before everything was consumed: what did not come out was left, not lost. */
  interrupted: boolean;
  /** Why it ended although not everything was consumed. */
  problem: string | undefined;
  /** Records that came out and never went in. */
  damaged: number;
  /** Records that were processed and are dead letters, or are dead letters twice. */
  endedTwice: number;
  /** Dead letters that somebody has redriven or dropped meanwhile. */
  letGo: number;
  recordsBySlot: ReadonlyMap<string, number>;
  /** By the shards' names. */
  recordsByShard: ReadonlyMap<string, number>;
}

/** Puts together what a run came to. `interrupted` counts only if something was left. */
export function resultOf(run: {
  proof: Proof;
  board: Board;
  dynamodb: DynamodbUsage;
  faults?: Readonly<Record<string, number>> | undefined;
  elapsedMs: number;
  interrupted: boolean;
  problem: string | undefined;
  shardName(shard: string): string;
}): RunResult {
  const { proof, board, dynamodb, shardName } = run;
  const { damaged, endedTwice, letGo, ...counts } = proof.totals();
  const bySlot = board.consumers().map(({ slot }) => [slot, proof.recordsBySlot().get(slot) ?? 0] as const);
  const seconds = Math.round(run.elapsedMs / 100) / 10;
  return {
    summary: {
      ...counts,
      ticks: board.ticks(),
      handOffs: board.handOffs(),
      dynamodb,
      logService: board.logService(),
      ...(run.faults !== undefined && { faults: run.faults }),
      seconds,
    },
    interrupted: run.interrupted && counts.lost > 0,
    problem: run.problem,
    damaged,
    endedTwice,
    letGo,
    recordsBySlot: new Map(bySlot),
    recordsByShard: new Map([...proof.recordsByShard()].map(([shard, count]) => [shardName(shard), count])),
  };
}

/** 0: all came out, in order, or are dead letters. 1: not so. 130, as a shell has it: stopped before everything was consumed. */
export function exitCodeOf({ summary, interrupted, problem, damaged, endedTwice }: RunResult): number {
  if (interrupted) return 130;
  const wrong = summary.lost + summary.outOfOrder + damaged + endedTwice;
  return problem === undefined && wrong === 0 ? 0 : 1;
}

/** The summary for a person. */
export function formatSummary(result: RunResult): string {
  const { summary, interrupted, damaged, endedTwice, letGo } = result;
  const { dynamodb, logService, seconds } = summary;
  const rows = [
    ['produced', number(summary.produced)],
    ['processed', `${number(summary.processed)} (${number(summary.duplicates)} duplicates)`],
    ['dead letters', number(summary.deadLetters) + letGoText(letGo)],
    interrupted || result.problem !== undefined
      ? ['left', `${number(summary.lost)} neither processed nor dead letters`]
      : ['lost', number(summary.lost)],
    ['out of order', number(summary.outOfOrder)],
    ...(damaged > 0 ? [['damaged', `${number(damaged)} came out that never went in`]] : []),
    ...(endedTwice > 0
      ? [['ended twice', `${number(endedTwice)} are dead letters and came out, or are dead letters twice`]]
      : []),
    ['consumers', countsOf(result.recordsBySlot)],
    ['shards', countsOf(result.recordsByShard)],
    ['ticks', `${number(summary.ticks)}, ${number(summary.handOffs)} hand-offs`],
    [
      'DynamoDB',
      `${number(dynamodb.requests)} requests, ${number(dynamodb.writeUnits)} write units, ${number(dynamodb.readUnits)} read units`,
    ],
    [
      'log service',
      `${number(logService.requests)} requests, ${number(logService.bytes)} bytes transferred, of ${number(logService.rawBytes)} decompressed`,
    ],
    ...(summary.faults === undefined ? [] : [['faults', countsOf(new Map(Object.entries(summary.faults)))]]),
    ['time', `${seconds} s`],
  ];
  return [verdictOf(result), ...table(rows).map((row) => `  ${row}`)].join('\n');
}

const letGoText = (letGo: number): string =>
  letGo === 0 ? '' : ` (and ${number(letGo)} redriven or dropped)`;

function verdictOf(result: RunResult): string {
  const { summary, interrupted, problem } = result;
  if (problem !== undefined) return problem;
  if (interrupted) {
    return `Stopped: ${number(summary.lost)} of ${number(summary.produced)} records put in so far were not consumed yet.`;
  }
  if (exitCodeOf(result) !== 0) return 'NOT everything came out as it went in.';
  const { deadLetters } = summary;
  const { letGo } = result;
  const but = [
    ...(deadLetters === 0 ? [] : [counted(deadLetters, 'dead letter')]),
    ...(letGo === 0 ? [] : [`${counted(letGo, 'dead letter')} that somebody redrove or dropped`]),
  ];
  return `Every record came out, in the order of its shard${but.length === 0 ? '' : `, but for ${but.join(' and ')}`}.`;
}

function countsOf(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return sorted.map(([name, count]) => `${name}: ${number(count)}`).join(', ') || 'none';
}
