import type { ConsumerState } from './board.ts';
import type { ProofTotals } from './proof.ts';

/** What a person is shown of a run at one moment. */
export interface View {
  totals: ProofTotals;
  /** How many lines the inputs have, if that is known. */
  linesExpected: number | undefined;
  recordsPerSecond: number;
  /** With the shards' names. */
  consumers: readonly ConsumerState[];
  recordsBySlot: ReadonlyMap<string, number>;
}

const BAR_WIDTH = 30;

/** The live region of a terminal: how far it is, and who owns what. */
export function renderLive(view: View): string {
  const { totals, linesExpected } = view;
  const whole = linesExpected ?? totals.produced;
  const finished = Math.min(whole, totals.distinct + totals.deadLetters);
  const filled = whole === 0 ? 0 : Math.floor((finished / whole) * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const rows = view.consumers.map(({ slot, pid, ticks, shards }) => [
    slot,
    `pid ${pid ?? '-'}`,
    `ticks ${ticks}`,
    `${number(view.recordsBySlot.get(slot) ?? 0)} records`,
    shards.length === 0 ? 'no shard' : `shards ${shards.join(' ')}`,
  ]);
  return [`${bar}  ${progressOf(view)}`, ...table(rows)].join('\n');
}

/** The same in one line, for what is no terminal. */
export function renderLine(view: View): string {
  return progressOf(view);
}

function progressOf({ totals, linesExpected, recordsPerSecond }: View): string {
  const whole = linesExpected === undefined ? '' : ` of ${number(linesExpected)}`;
  const rate = `${number(Math.round(recordsPerSecond))} records/s`;
  const dead = totals.deadLetters === 0 ? '' : `${counted(totals.deadLetters, 'dead letter')}, `;
  return `${number(totals.distinct)}${whole} records, ${dead}${rate}, lag ${number(totals.lost)}`;
}

/** Such as `1 dead letter`, `2 dead letters`. */
export function counted(count: number, thing: string): string {
  return `${number(count)} ${thing}${count === 1 ? '' : 's'}`;
}

/** Pads every column but the last to its widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('  '),
  );
}

export function number(value: number): string {
  return value.toLocaleString('en');
}
