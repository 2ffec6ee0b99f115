/** How fast a group gets on: how many positions its checkpoints have passed. Pure. */
import type { Distance } from '../../lib/distance.ts';
import type { Look } from '../look.ts';
import { isSameGroup, isSought } from './between.ts';

/** Counts that only grow, at one time: positions passed by each shard, and records that a local run has processed. */
export interface Progress {
  readonly at: number;
  readonly passed: ReadonlyMap<string, number>;
  readonly records: number | undefined;
}

/** No more are needed of an interval, however long that is. */
const PARTS = 32;

/** What has been passed up to this look, added to the latest ones. What was sought was not passed. */
export function progressed(
  recent: readonly Progress[],
  {
    before,
    look,
    distance,
    records,
  }: { before: Look | undefined; look: Look; distance: Distance | undefined; records: number | undefined },
): readonly Progress[] {
  const latest = recent.at(-1);
  const isAnew = before === undefined || !isSameGroup(before.description, look.description);
  const earlier = new Map(isAnew ? [] : before.description.shards.map((shard) => [shard.shard, shard]));
  const passed = new Map(
    look.description.shards.map((shard) => {
      const was = earlier.get(shard.shard);
      const sum = isAnew ? 0 : (latest?.passed.get(shard.shard) ?? 0);
      const isPassed = was !== undefined && !isSought(was, shard, distance);
      return [shard.shard, sum + (isPassed ? Math.max(0, distance?.(was.cursor, shard.cursor) ?? 0) : 0)];
    }),
  );
  const now: Progress = { at: look.at, passed, records };
  const partMs = intervalOf(look) / PARTS;
  const kept = isAnew ? [] : recent;
  const beside = kept.at(-2);
  // Those that are close together count as one.
  const spaced = beside !== undefined && latest!.at - beside.at < partMs ? kept.slice(0, -1) : kept;
  const from = spaced.findLastIndex(({ at }) => look.at - at >= intervalOf(look));
  return [...spaced.slice(Math.max(0, from)), now];
}

export interface Rates {
  readonly shards: ReadonlyMap<string, number>;
  /** Of all shards together. */
  readonly all: number;
  readonly records: number | undefined;
}

/** In a second, over an interval of the group at least: checkpoints move once in a while. Undefined as long as it has not been seen for that long. */
export function ratesOf(recent: readonly Progress[], look: Look): Rates | undefined {
  const [first, last] = [recent[0], recent.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < Math.max(1, intervalOf(look)))
    return undefined;
  const seconds = (last.at - first.at) / 1_000;
  const rate = (count: number): number => Math.round((count / seconds) * 100) / 100;
  const moved = [...last.passed].map(
    ([shard, sum]) => [shard, sum - (first.passed.get(shard) ?? 0)] as const,
  );
  return {
    shards: new Map(moved.map(([shard, count]) => [shard, rate(count)])),
    all: rate(moved.reduce((sum, [, count]) => sum + count, 0)),
    records:
      first.records === undefined || last.records === undefined
        ? undefined
        : rate(last.records - first.records),
  };
}

const intervalOf = ({ description }: Look): number => description.group?.settings.intervalMs ?? 0;
