/**
 * The shards that are not consumed to their end.
 *
 * @param ends by shard, the position after its last record, from the log service itself
 * @param committed by shard, the checkpoint that its owner told last
 */
export function shardsBehind(
  ends: Readonly<Record<string, string>>,
  committed: ReadonlyMap<string, string>,
): string[] {
  return Object.entries(ends)
    .filter(([shard, end]) => committed.get(shard) !== end)
    .map(([shard]) => shard);
}

/**
 * Notices that nothing goes on. Call it again and again with a text that says how far things are; undefined: there is
 * nothing to do. True once the text has been the same for longer than `limitMs`.
 */
export function createPatience(limitMs: number): (nowMs: number, progress: string | undefined) => boolean {
  let latest: string | undefined;
  let changedAtMs: number | undefined;
  return (nowMs, progress) => {
    if (progress === undefined || progress !== latest || changedAtMs === undefined) changedAtMs = nowMs;
    latest = progress;
    return nowMs - changedAtMs > limitMs;
  };
}
