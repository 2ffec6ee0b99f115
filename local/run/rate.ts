/** How far back a rate looks. */
const WINDOW_MS = 5_000;

/** Measures how fast a count grows: call it with the count as it is now; answers what was added per second of late. */
export function createRate(): (nowMs: number, count: number) => number {
  let samples: { atMs: number; count: number }[] = [];
  return (nowMs, count) => {
    samples.push({ atMs: nowMs, count });
    // The sample just outside of the window is its beginning.
    const outside = samples.findLastIndex(({ atMs }) => atMs <= nowMs - WINDOW_MS);
    samples = samples.slice(Math.max(0, outside));
    const first = samples[0]!;
    return nowMs === first.atMs ? 0 : ((count - first.count) / (nowMs - first.atMs)) * 1_000;
  };
}
