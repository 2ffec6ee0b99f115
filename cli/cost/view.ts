/** A bill for people. */
import { formatDuration } from '../../lib/duration.ts';
import { several } from '../amounts.ts';
import { formatTable } from '../table.ts';
import type { Bill, BillLine } from './bill.ts';
import type { GroupFacts } from './usage.ts';

const UNKNOWN = 'not known';

/** `width`: as of `formatTable`. */
export function formatBill(bill: Bill, facts: GroupFacts, free: boolean, width: number | undefined): string {
  const { lines, total, transfers } = bill;
  const { slots, shards, intervalMs, memoryMb } = facts;
  const parts = formatTable(
    lines,
    [
      { title: 'A MONTH OF', value: ({ title }) => title },
      {
        title: 'AMOUNT',
        align: 'right',
        value: ({ amount }) => (amount === undefined ? UNKNOWN : number(amount)),
      },
      { title: 'PRICE', align: 'right', value: priceOf },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'USD', align: 'right', value: ({ usd }) => (usd === undefined ? UNKNOWN : usd.toFixed(2)) },
    ],
    width,
  );
  const egress = formatTable(
    transfers,
    [
      { title: 'TRANSFERRED', value: ({ how }) => how },
      { title: 'GB', align: 'right', value: ({ gb }) => (gb === undefined ? UNKNOWN : number(gb)) },
      { title: 'USD', align: 'right', value: ({ usd }) => (usd === undefined ? UNKNOWN : usd.toFixed(2)) },
    ],
    width,
  );
  const given = free
    ? 'What AWS gives each account is left out.'
    : 'Nothing that AWS gives each account is left out: see --free.';
  return `${several(slots, 'slot')}, ${several(shards, 'shard')}, interval ${formatDuration(intervalMs)}, ${memoryMb} MB

${parts}
${total.atLeast ? 'at least ' : ''}${total.usd.toFixed(2)} US dollars a month. ${given}

What leaves the log service, with its read traffic, without what a filter costs:
${egress}
${lines.map((line) => `${explained(line)}\n`).join('')}`;
}

function priceOf({ price: { usd, per, unit } }: BillLine): string {
  if (usd === undefined) return UNKNOWN;
  return `${usd} for ${per === 1 ? '' : `${number(per)} `}${unit}`;
}

/** How it comes about, and where the price is from. */
function explained({ title, formula, price }: BillLine): string {
  const { usd, asOf, source } = price;
  const when = usd === undefined ? 'price not known, give it with --price' : (asOf ?? 'without a date');
  return `${title}: ${formula} (${source}; ${when})`;
}

const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 });
