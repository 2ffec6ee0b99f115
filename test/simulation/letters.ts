import type { DeadLetter, DeadLetterStore } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { kept } from '../../lib/delivery/deadLetters/kept.ts';
import { createShelvedLetters, type Entry, type Shelf } from '../../lib/delivery/deadLetters/shelf.ts';
import { readFate, writeFate } from './fates.ts';
import type { Actor } from './host.ts';
import { send } from './requests.ts';
import { storeError } from './transport.ts';
import type { World } from './world.ts';

/** The group's dead letters as they truly are. */
export interface Letters {
  readonly kept: Map<string, Entry<number>>;
  /** There is no room for any more. */
  isFull(): boolean;
  cease(): void;
}

const FULL_INTERVALS_MAX = 6;

export function startLetters({ scheduler, faults, scenario, trace }: World): Letters {
  const { intervalMs } = scenario.times;
  let fullUntil = 0;
  let ceased = false;
  const step = (): void => {
    if (ceased) return;
    scheduler.after(intervalMs, step);
    if (!faults.happens('lettersFull')) return;
    fullUntil = scheduler.now() + faults.dice('lettersFull').between(1, FULL_INTERVALS_MAX) * intervalMs;
    trace.add('letters', () => 'are full for a while');
  };
  scheduler.after(0, step);
  return {
    kept: new Map(),
    isFull: () => fullUntil > scheduler.now(),
    cease() {
      ceased = true;
      fullUntil = 0;
    },
  };
}

/**
 * The dead letters as one actor reaches them, by the rules of the library: each verb of their place is a request, of which everything may
 * go wrong that does with the table's.
 */
export function createLetterStore(
  world: World,
  actor: Actor,
  place: Pick<World, 'letters'> & { observer: Pick<World['observer'], 'lettered' | 'letterRemoved'> } = world,
): DeadLetterStore {
  const { scenario } = world;
  const { letters, observer } = place;
  const { kept: all } = letters;
  const request = <T>(kind: 'read' | 'write', label: string, signal: AbortSignal, perform: () => T) =>
    send<T>(world, actor, {
      target: 'letters',
      label: () => label,
      fate: kind === 'read' ? readFate(world) : writeFate(world),
      signal,
      perform: async () => perform(),
      failed: (failure) => storeError(failure, kind),
      shown: (answer) => (typeof answer === 'object' ? 'ok' : String(answer)),
    });
  const isAsSeen = ({ letter, version }: Entry<number>): boolean => all.get(letter.id)?.version === version;
  const shelf: Shelf<number> = {
    add: (letter, { signal }) =>
      request('write', `dead letter ${letter.id} ${letter.reason}`, signal, () => add(letter)),
    count: ({ signal }) => request('read', 'count dead letters', signal, () => all.size),
    async *entries(shard, { signal }) {
      const listed = await request('read', 'list dead letters', signal, () => [...all.values()]);
      for (const entry of listed) if (shard === undefined || entry.letter.shard === shard) yield entry;
    },
    write: (entry, state, { signal }) => {
      const what = `dead letter ${entry.letter.id} ${state.claimedUntil === undefined ? 'free' : 'claimed'}`;
      return request('write', what, signal, () => {
        if (!isAsSeen(entry)) return undefined;
        const written = { letter: { ...entry.letter, ...state }, version: entry.version + 1 };
        all.set(entry.letter.id, written);
        return written;
      });
    },
    remove: (entry, { signal }) =>
      request('write', `remove dead letter ${entry.letter.id}`, signal, () => {
        if (!all.has(entry.letter.id)) return true;
        if (!isAsSeen(entry)) return false;
        all.delete(entry.letter.id);
        observer.letterRemoved(actor, entry.letter.id, entry.letter.redrives);
        return true;
      }),
  };
  const add = (letter: DeadLetter): 'kept' | 'full' => {
    if (!all.has(letter.id)) {
      if (letters.isFull()) return 'full';
      all.set(letter.id, { letter: kept(letter), version: 1 });
    }
    observer.lettered(actor, letter);
    return 'kept';
  };
  return createShelvedLetters(shelf, () => {
    const { clock, skewMs } = actor.sandbox;
    return clock.now() + (scenario.measuresSkew ? skewMs : 0);
  });
}
