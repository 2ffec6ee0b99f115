import type { Clock } from '../runtime.ts';
import type { ReplayCount, ReplayRange, ReplayStanding, ReplayTurned } from './replay.ts';

/** How far a replay has come. */
export interface ReplayProgress {
  readonly shards: readonly ReplayStanding[];
  /** Times at which the function succeeded, and what it took. */
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  /** Positions that the retention has passed before they could be read. */
  readonly expired: number;
  /** From 0 to 1: of the positions where they are known, else of the shards. */
  readonly share: number;
  /** What failed last, of the log service or the table. */
  readonly error?: string;
}

/** Longer than any run of a function. */
const IDLE_MS_MAX = 16 * 60_000;

/** Sums up what the turns answer. */
export function createProgress({ from }: ReplayRange, begun: ReplayCount, clock: Clock) {
  const totals = new Map(begun.shards.map(({ shard, positions }) => [shard, positions]));
  const receivedAt = new Map<string, number>();
  let standing: readonly ReplayStanding[] = begun.shards.map(({ shard, positions }) => ({
    ...{ shard, state: 'open', parents: [], left: positions },
  }));
  const sums = { batches: 0, records: 0, bytes: 0, expired: 0 };
  let error: string | undefined;
  let gotOnAt = clock.now();
  let seen = signOf(standing);

  return {
    /** Whether anything got on by this turn. */
    took(turned: ReplayTurned): boolean {
      sums.batches += turned.batches;
      sums.records += turned.records;
      sums.bytes += turned.bytes;
      sums.expired += turned.expired;
      error = turned.errors[0];
      if (turned.shards.length > 0) standing = merged(standing, turned.shards);
      for (const { shard, at } of turned.shards) if (at !== undefined) receivedAt.set(shard, at);
      const sign = signOf(standing);
      const gotOn = turned.records > 0 || sign !== seen;
      seen = sign;
      if (gotOn) gotOnAt = clock.now();
      return gotOn;
    },
    now: (): ReplayProgress => ({
      shards: standing,
      ...sums,
      share: shareOf(standing, totals),
      ...(error !== undefined && { error }),
    }),
    isOver: () => isOverIn(standing),
    isStuck: (patienceMs: number) => {
      const open = standing.filter(({ state }) => state === 'open');
      const stays = (isFinal: boolean): boolean => open.every((shard) => isHeldUp(shard, open, isFinal));
      const idleMs = clock.now() - gotOnAt;
      return stays(true) || (stays(false) && idleMs > patienceMs) || idleMs > IDLE_MS_MAX;
    },
    /** What was received before is read, or given up, in every shard. */
    goOnFrom: (): number =>
      Math.min(
        ...standing.flatMap(({ shard, state }) => (state === 'done' ? [] : [receivedAt.get(shard) ?? from])),
      ),
  };
}

/** A turn tells when something was received only of its own shards, and of a parallel one it may know less. */
function merged(
  before: readonly ReplayStanding[],
  after: readonly ReplayStanding[],
): readonly ReplayStanding[] {
  const done = new Set(before.flatMap(({ shard, state }) => (state === 'done' ? [shard] : [])));
  return after.map((one) => (done.has(one.shard) ? { ...one, state: 'done', left: 0 } : one));
}

/** Nothing of it can be read any more. */
export const isOverIn = (shards: readonly ReplayStanding[]): boolean =>
  shards.every(({ state }) => state !== 'open');

/** `isFinal`: waiting does not help. */
function isHeldUp(shard: ReplayStanding, open: readonly ReplayStanding[], isFinal: boolean): boolean {
  const { failing, parents } = shard;
  if (isFinal ? failing?.blocked : failing?.stuck !== undefined) return true;
  return open.some((other) => parents.includes(other.shard) && isHeldUp(other, open, isFinal));
}

const signOf = (shards: readonly ReplayStanding[]): string =>
  JSON.stringify(shards.map(({ shard, state, left }) => [shard, state, left]));

function shareOf(shards: readonly ReplayStanding[], totals: ReadonlyMap<string, number | undefined>): number {
  const done = shards.filter(({ state }) => state !== 'open').length;
  const all = [...totals.values()];
  if (all.some((total) => total === undefined) || shards.some(({ left }) => left === undefined)) {
    return shards.length === 0 ? 1 : done / shards.length;
  }
  const sum = (counts: readonly (number | undefined)[]): number =>
    counts.reduce<number>((total, count) => total + (count ?? 0), 0);
  const total = sum(all);
  const left = sum(shards.map((shard) => (shard.state === 'open' ? shard.left : 0)));
  return total === 0 ? done / Math.max(1, shards.length) : Math.max(0, 1 - left / total);
}
