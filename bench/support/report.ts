/**
 * What all benches have in common: options that are checked, bars to which figures are held, and one line of JSON.
 *
 *   process.exitCode = await bench({ name: 'store', summary: '…', options: {} }, async (options) => ({ figures, bars }));
 *
 * What a bench prints for people, it prints itself while it measures.
 */
import { cpus } from 'node:os';
import type { Options, Values } from '../../lib/commandLine/command.ts';
import { helpOf } from '../../lib/commandLine/help.ts';
import { parseCommand, wholeNumber } from '../../lib/commandLine/parse.ts';
import { SettingsError } from '../../lib/errors.ts';

/** What a figure must not exceed, or must reach. */
export interface Bar {
  readonly name: string;
  /** Undefined where it cannot be measured here, such as beside a program that is not installed: then it is neither met nor missed. */
  readonly value: number | undefined;
  readonly limit: number;
  /** Such as `ms`, `units`, or `×` for a ratio. */
  readonly unit: string;
  readonly direction: 'at most' | 'at least';
}

export type Verdict = 'met' | 'missed' | 'not measured';

export interface Measured {
  /** All that was measured, as `--json` gives it. */
  readonly figures: unknown;
  readonly bars: readonly Bar[];
}

export interface BenchText<O extends Options> {
  /** As it is called: `npm run bench NAME`. */
  readonly name: string;
  /** One line: what it measures. */
  readonly summary: string;
  /** More, in paragraphs, for its help. */
  readonly about?: string;
  readonly options: O;
}

const COMMON = {
  check: {
    type: 'boolean',
    default: false,
    help: 'prints each bar with value, limit and verdict; exit code 1 if one is missed',
  },
  json: { type: 'boolean', default: false, help: 'prints all figures and bars as the last line' },
} as const satisfies Options;

/** A number that is no number meets nothing. */
export function verdictOf({ value, limit, direction }: Bar): Verdict {
  if (value === undefined) return 'not measured';
  return (direction === 'at most' ? value <= limit : value >= limit) ? 'met' : 'missed';
}

/**
 * Reads the options, has it measured and reports. Answers with the exit code: 0 all is well, 1 a bar is missed and `--check` was
 * given, 2 an option cannot be used. Whoever measures may refuse the value of an option with a SettingsError.
 */
export async function bench<const O extends Options>(
  text: BenchText<O>,
  measure: (options: Values<O>) => Measured | Promise<Measured>,
  args: readonly string[] = process.argv.slice(2),
): Promise<number> {
  const command = {
    ...text,
    options: { ...text.options, ...COMMON },
    examples: [],
    exitCodes: { 1: 'a bar is missed, with --check; or it failed' },
  };
  try {
    const parsed = parseCommand(command, args);
    if (parsed === 'help') {
      process.stdout.write(helpOf(command, { program: 'bench', typed: `npm run bench ${text.name} --` }));
      return 0;
    }
    const { check, json } = parsed.options as Values<typeof COMMON>;
    const measured = await measure(parsed.options as unknown as Values<O>);
    if (check) printBars(measured.bars);
    if (json) console.log(JSON.stringify(lineOf(text.name, measured)));
    return check && measured.bars.some((bar) => verdictOf(bar) === 'missed') ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(`bench ${text.name}: ${error.message}`);
    return 2;
  }
}

function printBars(bars: readonly Bar[]): void {
  console.log('\nBars');
  console.table(
    bars.map((bar) => ({
      bar: bar.name,
      value: bar.value === undefined ? '' : rounded(bar.value),
      limit: `${bar.direction} ${bar.limit}`,
      unit: bar.unit,
      verdict: verdictOf(bar),
    })),
  );
}

const lineOf = (name: string, { figures, bars }: Measured) => ({
  bench: name,
  at: new Date().toISOString(),
  node: process.version,
  cpu: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
  figures,
  bars: bars.map((bar) => ({ ...bar, verdict: verdictOf(bar) })),
});

/** To three places that count, and whole numbers as they are. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(3));

/** The one in the middle, the upper of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** An option of whoever repeats what is measured. */
export const ROUNDS = {
  type: 'string',
  value: 'N',
  default: '30',
  help: 'how often it is repeated; 30 unless set',
} as const;

export const roundsOf = ({ rounds }: { readonly rounds: string }): number =>
  wholeNumber('--rounds', rounds, 1, 10_000);
