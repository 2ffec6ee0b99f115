import type { DeadLetter, DeadLetterStore } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { createMemoryDeadLetters, type MemoryLetters } from '../../lib/delivery/deadLetters/memory.ts';
import { putEach } from '../../lib/delivery/deadLetters/put.ts';
import { writeFate } from './fates.ts';
import type { Actor } from './host.ts';
import { send } from './requests.ts';
import { storeError } from './transport.ts';
import type { World } from './world.ts';

/** The group's dead letters as they truly are. */
export interface Letters {
  readonly kept: MemoryLetters;
  readonly store: DeadLetterStore;
  /** There is no room for any more. */
  isFull(): boolean;
  cease(): void;
}

const FULL_INTERVALS_MAX = 6;
const never = new AbortController().signal;

export function startLetters({ scheduler, faults, scenario, trace }: World): Letters {
  const { intervalMs } = scenario.times;
  const kept: MemoryLetters = new Map();
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
    kept,
    store: createMemoryDeadLetters({
      letters: kept,
      lettersMax: Number.POSITIVE_INFINITY,
      now: scheduler.now,
    }),
    isFull: () => fullUntil > scheduler.now(),
    cease() {
      ceased = true;
      fullUntil = 0;
    },
  };
}

/** The dead letters as one actor reaches them: a request for each, of which everything may go wrong that does with the table's. */
export function createLetterBox(world: World, actor: Actor): Pick<DeadLetterStore, 'put'> {
  const { letters, observer } = world;
  const add = async (letter: DeadLetter): Promise<'kept' | 'full'> => {
    if (letters.isFull() && !letters.kept.has(letter.id)) return 'full';
    await letters.store.put([letter], { signal: never });
    observer.lettered(actor, letter);
    return 'kept';
  };
  return {
    put: (put, { signal }) =>
      putEach(put, (letter) =>
        send<'kept' | 'full'>(world, actor, {
          target: 'letters',
          label: () => `dead letter ${letter.id} ${letter.reason}`,
          fate: writeFate(world),
          signal,
          perform: () => add(letter),
          failed: (failure) => storeError(failure, 'write'),
          shown: (answer) => answer,
        }),
      ),
  };
}
