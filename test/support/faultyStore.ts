import { StoreError } from '../../lib/errors.ts';
import type { GroupStore } from '../../lib/group/store.ts';

export interface FaultyStore extends GroupStore {
  /** What happens to the next updates, in order: the answer is lost before or after the write took effect, or nothing. */
  next(...fates: ('lostBefore' | 'lostAfter' | 'throttled' | 'fine')[]): void;
  updates: number;
}

/** A store whose answers get lost when the test says so. */
export function createFaultyStore(store: GroupStore): FaultyStore {
  const fates: string[] = [];
  const noAnswer = () =>
    new StoreError('no answer', { code: 'Timeout', outcome: 'unknown', retriable: true });
  const faulty: FaultyStore = {
    ...store,
    updates: 0,
    next: (...planned) => void fates.push(...planned),
    async update(key, write, options) {
      faulty.updates++;
      const fate = fates.shift();
      if (fate === 'lostBefore') throw noAnswer();
      if (fate === 'throttled')
        throw new StoreError('slow down', { code: 'Throttled', outcome: 'refused', retriable: true });
      const answer = await store.update(key, write, options);
      if (fate === 'lostAfter') throw noAnswer();
      return answer;
    },
  };
  return faulty;
}
