/** Lets all requests go on together, but for those that must be alone. Nobody overtakes one that waits to be, so that it comes to its turn. */
export interface Exclusion {
  together<T>(work: () => Promise<T>): Promise<T>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export function createExclusion(): Exclusion {
  /** Settled once whoever must be alone, and came last, is done. */
  let lastAlone: Promise<unknown> = Promise.resolve();
  const running = new Set<Promise<unknown>>();
  return {
    together(work) {
      const done = lastAlone.then(work);
      const settled: Promise<unknown> = done.catch(() => {}).finally(() => running.delete(settled));
      running.add(settled);
      return done;
    },
    alone(work) {
      const done = Promise.all([lastAlone, ...running]).then(work);
      lastAlone = done.catch(() => {});
      return done;
    },
  };
}
