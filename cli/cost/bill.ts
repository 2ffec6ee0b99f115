/** From quantities and prices to money. */
import { FREE, type Price, type Prices } from './prices.ts';
import { egressOf, type GroupFacts, type Quantity, usageOf } from './usage.ts';

export interface BillLine extends Quantity {
  readonly price: Price;
  /** Undefined: the quantity or the price is not known. */
  readonly usd: number | undefined;
}

/** The same stream, transferred in another way. */
export interface Transfer {
  readonly how: string;
  readonly gb: number | undefined;
  /** Egress and read traffic, without what a filter itself costs. */
  readonly usd: number | undefined;
}

export interface Bill {
  readonly lines: readonly BillLine[];
  readonly total: {
    readonly usd: number;
    /** Whether something is left out of it, because it is not known. */
    readonly atLeast: boolean;
  };
  readonly transfers: readonly Transfer[];
}

/** `free`: without what AWS gives each account. */
export function billOf(facts: GroupFacts, prices: Prices, { free }: { free: boolean }): Bill {
  const lines = usageOf(facts).map((quantity): BillLine => {
    const price = prices[quantity.name];
    const given = free ? (FREE[quantity.name] ?? 0) : 0;
    return { ...quantity, price, usd: costOf(quantity.amount, price, given) };
  });
  return {
    lines,
    total: {
      usd: lines.reduce((sum, { usd = 0 }) => sum + usd, 0),
      atLeast: lines.some(({ usd }) => usd === undefined),
    },
    transfers: transfersOf(facts, prices),
  };
}

function costOf(amount: number | undefined, { usd, per }: Price, given = 0): number | undefined {
  if (amount === undefined || usd === undefined) return undefined;
  return (Math.max(0, amount - given) / per) * usd;
}

const PACKED = { sls: 'zstd', cls: 'snappy' } as const;
const FILTER = { sls: 'SPL', cls: 'its filter' } as const;

function transfersOf(facts: GroupFacts, prices: Prices): Transfer[] {
  const { service, passes } = facts;
  const transfer = (how: string, change: Partial<GroupFacts>): Transfer => {
    const { amount: gb } = egressOf({ ...facts, ...change });
    const [egress, reading] = [costOf(gb, prices.egress), costOf(gb, prices.reading)];
    return { how, gb, usd: egress === undefined || reading === undefined ? undefined : egress + reading };
  };
  const packed = PACKED[service];
  return [
    transfer('as it is', { compressed: 1, passes: undefined }),
    transfer(packed, { passes: undefined }),
    ...(passes === undefined ? [] : [transfer(`${packed} and ${FILTER[service]}`, {})]),
  ];
}
