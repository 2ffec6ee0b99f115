/** Uses of things, such as shards, against limits. */
export interface Rates<Rate extends string> {
  isUsedUp(rate: Rate, of: object, nowMs: number): boolean;
  use(rate: Rate, of: object, amount: number, nowMs: number): void;
}

/**
 * Uses in windows of the service's clock, each rate in windows of its own length. What begins within a limit is let
 * through whole, so that a put or a pull of any size is possible at all. A rate without a limit is not counted.
 */
export function createRates<Rate extends string>(
  limits: Readonly<Partial<Record<Rate, number>>>,
  windowMsOf: (rate: Rate) => number,
): Rates<Rate> {
  const windows = new Map<Rate, WeakMap<object, { number: number; used: number }>>();
  const windowOf = (rate: Rate, of: object, nowMs: number) => {
    const ofRate = windows.get(rate) ?? new WeakMap<object, { number: number; used: number }>();
    windows.set(rate, ofRate);
    const number = Math.floor(nowMs / windowMsOf(rate));
    const found = ofRate.get(of);
    if (found?.number === number) return found;
    const fresh = { number, used: 0 };
    ofRate.set(of, fresh);
    return fresh;
  };
  return {
    isUsedUp: (rate, of, nowMs) => {
      const limit = limits[rate];
      return limit !== undefined && windowOf(rate, of, nowMs).used >= limit;
    },
    use: (rate, of, amount, nowMs) => {
      if (limits[rate] !== undefined) windowOf(rate, of, nowMs).used += amount;
    },
  };
}
