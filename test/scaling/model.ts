/** A group in numbers: what comes into each shard in an interval, in slots that it would take, and how the slots get on with it. */
import type { Scale } from '../../lib/group/items.ts';
import { type Bounds, nextScale, type Seen } from '../../lib/scaling/nextScale.ts';

export const INTERVAL_MS = 60_000;

export interface Minute {
  slots: number;
  /** Of all shards, what is not read, in intervals of one slot. */
  backlog: number;
}

/**
 * Minutes of a group whose slots take `delay` minutes to do what was decided. A slot's time is one; its shards share it evenly. `rate`: of a shard, in a
 * minute.
 */
export function minutesOf(
  shards: number,
  rate: (minute: number, shard: number) => number,
  bounds: Bounds,
  minutes: number,
  delay = 2,
): Minute[] {
  const backlog = new Array<number>(shards).fill(0);
  let before: (Scale & { at: number }) | undefined;
  const decided: number[] = [];
  const past: Minute[] = [];
  let active = bounds.min;
  for (let minute = 0; minute < minutes; minute++) {
    for (let shard = 0; shard < shards; shard++) backlog[shard]! += rate(minute, shard);
    const slots: Seen['slots'][number][] = Array.from({ length: active }, (_, slot) => {
      const own = backlog.flatMap((_, shard) => (shard % active === slot ? [shard] : []));
      const busy = workOn(backlog, own);
      const behind = own.filter((shard) => backlog[shard]! > rate(minute, shard) + 1e-6).length;
      return { shards: own.length, load: { busy, behind } };
    });
    const now = minute * INTERVAL_MS;
    const next = nextScale(before, { shards, slots }, bounds, { now, intervalMs: INTERVAL_MS });
    if (next.slots !== before?.slots) before = { ...next, at: now };
    decided.push(next.slots);
    past.push({ slots: next.slots, backlog: backlog.reduce((sum, left) => sum + left, 0) });
    active = decided[Math.max(0, minute - delay)]!;
  }
  return past;
}

/** One interval of a slot: its shards get on side by side. Answers with the share of its time that they took. */
function workOn(backlog: number[], own: readonly number[]): number {
  let left = 1;
  for (let round = 0; round < own.length && left > 1e-9; round++) {
    const behind = own.filter((shard) => backlog[shard]! > 1e-9);
    if (behind.length === 0) break;
    const each = Math.min(left / behind.length, ...behind.map((shard) => backlog[shard]!));
    for (const shard of behind) backlog[shard]! -= each;
    left -= each * behind.length;
  }
  return 1 - Math.max(0, left);
}

export const changesIn = (minutes: readonly Minute[]): number =>
  minutes.filter(({ slots }, minute) => minute > 0 && slots !== minutes[minute - 1]!.slots).length;
