import type { Deliver, Delivered } from '../../../lib/delivery/delivered.ts';
import type { ReplayResult } from '../../../lib/replay/conduct.ts';
import type { Dice } from '../../../local/faults/dice.ts';
import { type Actor, sleep } from '../host.ts';
import type { World } from '../world.ts';

/** What the user's function does with the records of one replay, and what has become of each. */
export interface Reading {
  userOf(run: Actor): Deliver;
  /** Everything that was received in the range was taken, or given up. */
  shouldBeWhole(who: string, result: ReplayResult): void;
}

const FAILS = 0.05;
const TAKES_PART = 0.05;
const EXITS = 0.01;
const TIMES_OUT = 0.02;
const POISONS = 0.02;

/** What the replay's own items say of a shard. */
interface Standing {
  isBlocked(shard: string): boolean;
  /** Among its dead letters: it may be there without ever having been given, where runs died that were about to. */
  isPutAside(shard: string, position: number): boolean;
}

export function createReading(
  world: World,
  dice: Dice,
  { from, to }: { from: number; to: number },
  { isBlocked, isPutAside }: Standing,
): Reading {
  const { scheduler, stream, faults, observer, scenario } = world;
  const tried = new Set<string>();
  const taken = new Set<string>();
  const poisons = new Map<string, boolean>();
  const nameOf = (shard: string, position: number): string => `${shard}/${position}`;
  /** A record that fails each time. None, once nothing fails any more: all of them would be an outage. */
  const isPoison = (name: string): boolean => {
    if (!poisons.has(name)) poisons.set(name, !faults.hasCeased() && dice.chance(POISONS));
    return poisons.get(name)! && !faults.hasCeased();
  };
  const wantedOf = (shard: string): number[] => {
    const { receivedAt, trimmedUntil } = stream.shards.get(shard)!;
    return receivedAt.flatMap((at, position) =>
      at >= from && at < to && position >= trimmedUntil ? [position] : [],
    );
  };
  const take = (shard: string, positions: readonly number[]): void => {
    for (const position of positions) taken.add(nameOf(shard, position));
  };

  const begun = (run: Actor, shard: string, positions: readonly number[]): void => {
    const receivedAt = stream.shards.get(shard)!.receivedAt;
    for (const position of positions) {
      const at = receivedAt[position];
      if (at === undefined || at < from || at >= to)
        observer.fail('replay', `${run.name} is given ${nameOf(shard, position)}, which is not in the range`);
    }
    const first = positions[0] ?? 0;
    const passed = wantedOf(shard).find(
      (one) => one < first && !tried.has(nameOf(shard, one)) && !isPutAside(shard, one),
    );
    // What is behind a block is tried, also where a run died before it came to give what is in that.
    if (passed !== undefined && !isBlocked(shard))
      observer.fail('replay', `${run.name} is given ${nameOf(shard, first)} before ${passed}`);
    for (const position of positions) tried.add(nameOf(shard, position));
  };

  const outcome = async (run: Actor, shard: string, positions: readonly number[]): Promise<Delivered> => {
    const at = positions.findIndex((position) => isPoison(nameOf(shard, position)));
    const error = new Error('the simulated function fails');
    const isCalm = faults.hasCeased();
    if (!isCalm && dice.chance(EXITS)) {
      world.platform.crash(run, 'exits');
      return new Promise(() => {});
    }
    if (at >= 0) {
      if (positions.length > 1 && dice.chance(0.5)) {
        take(shard, positions.slice(0, at));
        return { how: 'named', done: at, error };
      }
      return { how: 'failed', error };
    }
    if (!isCalm && dice.chance(FAILS)) return { how: 'failed', error };
    if (!isCalm && positions.length > 1 && dice.chance(TAKES_PART)) {
      const done = dice.between(1, positions.length - 1);
      take(shard, positions.slice(0, done));
      return { how: 'named', done, error };
    }
    take(shard, positions);
    return { how: 'succeeded' };
  };

  return {
    userOf:
      (run) =>
      async ({ shard, records }, { signal }) => {
        const positions = [...records].map((record) => Number(record.get('position')));
        begun(run, shard, positions);
        const slow = !faults.hasCeased() && dice.chance(TIMES_OUT);
        const durationMs = slow ? scenario.times.functionTimeoutMs : dice.next() * 400;
        try {
          await sleep(scheduler, run.sandbox, durationMs, signal);
        } catch {
          return { how: 'timedOut', done: 0, error: signal.reason };
        }
        return outcome(run, shard, positions);
      },
    shouldBeWhole(who, { givenUp, expired, shards }) {
      const gone = new Set(shards.flatMap(({ shard, state }) => (state === 'gone' ? [shard] : [])));
      const wanted = [...stream.shards.keys()].filter((shard) => shards.some((one) => one.shard === shard));
      const missing = wanted
        .filter((shard) => !gone.has(shard))
        .flatMap((shard) => wantedOf(shard).map((position) => nameOf(shard, position)))
        .filter((name) => !taken.has(name));
      // The trim may have passed what was not read in time.
      if (missing.length > givenUp.count && expired === 0)
        observer.fail('replay', `${who} has not given ${missing.join(' ')}, ${givenUp.count} given up`);
    },
  };
}
