import type { CallOptions } from './deadLetters.ts';

/** How long a count is believed. Within this, others may put what it does not know: the bound is that exact, and no more. */
const COUNTED_MS = 10_000;

/** What is left of the bound, where nothing but a count of all letters tells: that is asked for now and then. */
export interface Room {
  /** Takes a place, if there is one. */
  take(options: CallOptions): Promise<boolean>;
  /** A place that was taken is free again. */
  giveBack(): void;
}

export function createRoom(
  lettersMax: number,
  { now, count }: { now: () => number; count: (options: CallOptions) => Promise<number> },
): Room {
  let counted: { letters: number; at: number } | undefined;
  let underWay: Promise<void> | undefined;
  const recount = (options: CallOptions): Promise<void> => {
    underWay ??= count(options)
      .then((letters) => {
        counted = { letters, at: now() };
      })
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
  return {
    async take(options) {
      if (counted === undefined || now() - counted.at >= COUNTED_MS) await recount(options);
      if (counted === undefined || counted.letters >= lettersMax) return false;
      counted.letters++;
      return true;
    },
    giveBack() {
      if (counted !== undefined) counted.letters--;
    },
  };
}
