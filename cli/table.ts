/** Tables for people, as wide as their terminal. */
import stringWidth from 'string-width';
import { cut, cutWithin, plain } from './text.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | undefined;
  readonly align?: 'right';
  /** It may be cut to this width where there is no room. Others are shown whole. */
  readonly least?: number;
  /** It is cut within, and not at its end. */
  readonly keepsEnd?: boolean;
  /** It is left out where a table has no room for it. */
  readonly dispensable?: boolean;
}

const GAP = '  ';

/**
 * A line for each row. Where there is no room, the widest of the columns that may be cut is cut first, then what is dispensable is left
 * out; where there still is none, each row is a block of lines. Columns in which nothing stands are left out. `width`: undefined for
 * whatever is needed.
 */
export function formatTable<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  width: number = Number.POSITIVE_INFINITY,
): string {
  const cells = columns.map(({ value }) => rows.map((row) => plain(String(value(row) ?? ''))));
  const used = columns
    .map((column, index) => ({ ...column, cells: cells[index]! }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  if (used.length === 0) return '';
  for (const shown of [used, used.filter(({ dispensable }) => dispensable !== true)]) {
    const widths = fitted(shown, width);
    if (widths !== undefined) return asLines(shown, widths, rows.length);
  }
  return asBlocks(used, rows.length, width);
}

/** A column with what stands in it. */
type Filled = Omit<Column<never>, 'value'> & { readonly cells: readonly string[] };

const cutAs = ({ keepsEnd }: Filled, text: string, width: number): string =>
  keepsEnd === true ? cutWithin(text, width) : cut(text, width);

function asLines(columns: readonly Filled[], widths: readonly number[], rows: number): string {
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) =>
        padded(cutAs(columns[index]!, text, widths[index]!), widths[index]!, columns[index]!.align),
      )
      .join(GAP)
      .trimEnd();
  const lines = Array.from({ length: rows }, (_, row) => line(columns.map(({ cells }) => cells[row]!)));
  return [line(columns.map(({ title }) => title)), ...lines].map((text) => `${text}\n`).join('');
}

/** Undefined if there is no room. */
function fitted(columns: readonly Filled[], width: number): number[] | undefined {
  const room = width - GAP.length * (columns.length - 1);
  const widths = columns.map(({ title, cells }) =>
    Math.max(...[title, ...cells].map((text) => stringWidth(text))),
  );
  for (let over = sum(widths) - room; over > 0; over = sum(widths) - room) {
    const candidates = widths
      .map((width, index) => ({ width, index, spare: width - (columns[index]!.least ?? width) }))
      .filter(({ spare }) => spare > 0)
      .sort((one, other) => other.width - one.width);
    const [widest, next] = candidates;
    if (widest === undefined) return undefined;
    // Down to the next one, so that they give way together.
    const step = Math.max(1, widest.width - (next?.width ?? 0));
    widths[widest.index]! -= Math.min(over, widest.spare, step);
  }
  return widths;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function padded(text: string, width: number, align: 'right' | undefined): string {
  const pad = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'right' ? pad + text : text + pad;
}

function asBlocks(columns: readonly Filled[], rows: number, width: number): string {
  const widest = Math.max(...columns.map(({ title }) => stringWidth(title)));
  const block = (row: number): string =>
    columns
      .filter(({ cells }) => cells[row] !== '')
      .map((column) => {
        const title = `${column.title.padEnd(widest)}${GAP}`;
        return `${cut(title + cutAs(column, column.cells[row]!, width - title.length), width)}\n`;
      })
      .join('');
  return Array.from({ length: rows }, (_, row) => block(row)).join('\n');
}
