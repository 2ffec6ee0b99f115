import assert from 'node:assert/strict';

/**
 * Runs `work` for every item, at most `parallelMax` at a time. Waits for all of them, also when one throws, so that
 * nothing is left running behind the caller's back; then throws the first error.
 */
export async function forEachParallel<T>(
  items: Iterable<T>,
  parallelMax: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  assert(parallelMax >= 1, 'somebody does the work');
  const queue = [...items];
  const errors: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (errors.length === 0) {
      const item = queue.shift();
      if (item === undefined) return;
      try {
        await work(item);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelMax, queue.length) }, worker));
  if (errors.length > 0) throw errors[0];
}

/** Lets `parallelMax` go on at once, of those who come one by one, in the order in which they came. */
export function createTurns(parallelMax: number): <T>(work: () => Promise<T>) => Promise<T> {
  assert(parallelMax >= 1, 'somebody does the work');
  let free = parallelMax;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
