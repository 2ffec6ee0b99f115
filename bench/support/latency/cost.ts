/** What a slot costs in a month, of what it used in a minute. */
import { pricesOf } from '../../../cli/cost/prices.ts';

export const MEMORY_MB = [128, 256, 512] as const;

export interface Used {
  ticks: number;
  billedMs: number;
  writeUnits: number;
  readUnits: number;
}

export interface Cost {
  /** By memory. */
  lambda: Record<number, number>;
  requests: number;
  schedules: number;
  dynamodb: number;
}

const MINUTES = 730 * 60;
const prices = pricesOf('sls', 'arm64');

const usd = (
  name: 'lambdaTime' | 'lambdaRequests' | 'schedules' | 'writeUnits' | 'readUnits',
  amount: number,
) => (amount * prices[name].usd!) / prices[name].per;

/** US dollars a month, without what AWS gives each account. `scheduled`: ticks a minute that a schedule starts. */
export function costOf({ ticks, billedMs, writeUnits, readUnits }: Used, scheduled: number): Cost {
  const gigabyteSeconds = (memoryMb: number) => (MINUTES * billedMs * memoryMb) / 1_000 / 1_024;
  return {
    lambda: Object.fromEntries(MEMORY_MB.map((mb) => [mb, usd('lambdaTime', gigabyteSeconds(mb))])),
    requests: usd('lambdaRequests', MINUTES * ticks),
    schedules: usd('schedules', MINUTES * scheduled),
    dynamodb: usd('writeUnits', MINUTES * writeUnits) + usd('readUnits', MINUTES * readUnits),
  };
}
