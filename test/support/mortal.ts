import { createLifecycle, type Lifecycle } from '../../lib/delivery/lifecycle.ts';
import { createManualClock } from './clock.ts';
import { createMemorySource } from './memorySource.ts';
import { createGroup, INTERVAL_MS } from './world.ts';

const never = <T>(): Promise<T> => new Promise(() => {});

interface Mortality {
  shards?: readonly string[];
  recordsMax?: number;
  /** How long the user's function takes for a batch. */
  workMs?: (shard: string) => number;
  /** What kills the run to which it is given; what begins with `kill`, unless set. */
  kills?: (content: string) => boolean;
  /** The shard for which the module's `start` kills it. */
  deadlyStart?: string;
}

/** A slot each of whose sandboxes dies with everything that it has under way as soon as it is given a record that kills. */
export async function mortal({
  shards = ['0'],
  recordsMax = 1_000,
  workMs = () => 10,
  kills = (content) => content.startsWith('kill'),
  deadlyStart,
}: Mortality = {}) {
  const world = createGroup({ clock: createManualClock(), source: createMemorySource(shards, recordsMax) });
  for (let round = 0; round < 4; round++) await world.round('a');
  let sandbox = 0;
  let lifecycle: Lifecycle | undefined;
  /** Of the run that is under way. */
  let die = (): Promise<never> => never();
  const begun: string[] = [];
  const left: { shard: string; ms: number }[] = [];
  const restart = (): void => {
    sandbox++;
    lifecycle = undefined;
  };
  const round = async (): Promise<void> => {
    let isDead = false;
    const dies = Promise.withResolvers<void>();
    const alive = <A extends unknown[], R>(call: (...given: A) => Promise<R>) => {
      return async (...given: A): Promise<R> => {
        if (isDead) return never<R>();
        const answer = await call(...given);
        return isDead ? never<R>() : answer;
      };
    };
    const { get, readAll, update, remove } = world.store;
    const store = {
      ...world.store,
      get: alive(get as never) as unknown as typeof get,
      readAll: alive(readAll),
      update: alive(update as never) as unknown as typeof update,
      remove: alive(remove as never) as typeof remove,
    };
    world.eachBatch = async ({ id, shard, records }, { remainingMs }) => {
      if (isDead) return never();
      begun.push(id);
      left.push({ shard, ms: remainingMs() });
      world.clock.advance(workMs(shard));
      if (![...records].some((record) => kills(record.get('content') ?? ''))) return;
      return die();
    };
    die = () => {
      isDead = true;
      dies.resolve();
      return never();
    };
    lifecycle ??= createLifecycle({ start: (shard) => (shard === deadlyStart ? die() : undefined) });
    const ended = await Promise.race([
      world.tick('a', `sandbox ${sandbox}`, { store, lifecycle }).then(() => 'lives'),
      dies.promise.then(() => 'dies'),
    ]);
    if (ended === 'dies') restart();
    world.clock.advance(INTERVAL_MS);
  };
  const rounds = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await round();
  };
  return { world, rounds, begun, left, restart };
}
