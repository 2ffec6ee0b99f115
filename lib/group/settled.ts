import { isDeepStrictEqual } from 'node:util';
import { StoreError } from '../errors.ts';
import type { Clock, Random } from '../runtime.ts';
import type { ItemKey, ItemOf } from './items.ts';
import type { Condition, GroupStore, RequestOptions, Write, Written } from './store.ts';

/** As often as a driver repeats a read. */
const ATTEMPTS_MAX = 4;
const BACKOFF_MS_FIRST = 50;

/**
 * A store whose writes find out what became of them. A write without an answer (its connection died, the service said 500) is
 * sent again as it was. If that is refused, the item is read: as the write would have left it, the write has landed.
 *
 * A rule may rely on it if its write is refused once it has landed, or if doing it twice is doing it once; and if what it sets is
 * its own: a nonce, an epoch, a generation that nobody else is given. Sent as it was means with the same times and the same
 * condition: so the attempt that lands late finds what the other one wrote.
 *
 * Throws StoreError with `outcome: 'unknown'` if no attempt was answered.
 */
export function settled(store: GroupStore, runtime: { clock: Clock; random: Random }): GroupStore {
  return {
    ...store,
    async update<K extends ItemKey>(key: K, write: Write<ItemOf<K>>, options: RequestOptions) {
      const { answer, repeated } = await answered(runtime, options, () => store.update(key, write, options));
      if (answer.accepted || !repeated) return answer;
      const item = await store.get(key, { ...options, consistent: true });
      const landed: Written<ItemOf<K>> =
        item !== undefined && isLeftBy(write, item) ? { accepted: true, item } : answer;
      return landed;
    },
    async remove(key, condition, options) {
      const { answer, repeated } = await answered(runtime, options, () =>
        store.remove(key, condition, options),
      );
      if (answer || !repeated) return answer;
      return (await store.get(key, { ...options, consistent: true })) === undefined;
    },
  };
}

async function answered<T>(
  { clock, random }: { clock: Clock; random: Random },
  { signal }: RequestOptions,
  request: () => Promise<T>,
): Promise<{ answer: T; repeated: boolean }> {
  let unanswered: unknown;
  for (let attempt = 1; ; attempt++) {
    try {
      return { answer: await request(), repeated: attempt > 1 };
    } catch (error) {
      // Refused for another reason than its condition, it is still unknown what became of the attempt before.
      if (!isUnanswered(error)) throw unanswered ?? error;
      unanswered = error;
    }
    if (attempt === ATTEMPTS_MAX) throw unanswered;
    // A connection that died tells nothing of the service: the first repeat does not wait.
    const backoffMs = attempt === 1 ? 0 : BACKOFF_MS_FIRST * 2 ** (attempt - 1) * random.next();
    if (backoffMs > 0) await clock.sleep(backoffMs, signal).catch(() => {});
    if (signal.aborted) throw unanswered;
  }
}

const isUnanswered = (error: unknown): boolean => error instanceof StoreError && error.outcome === 'unknown';

/**
 * Pure: the item is as the write leaves it, as far as the write and its condition say: what it sets and takes away, what it adds
 * to a number that the condition names, and what the condition names and the write does not touch.
 */
export function isLeftBy<T extends object>(write: Write<T>, item: T): boolean {
  const expected = new Map<string, unknown>();
  for (const [attribute, value] of namedBy(write.condition)) expected.set(attribute, value);
  for (const [attribute, amount] of Object.entries(write.add ?? {})) {
    const before = expected.get(attribute);
    if (typeof before === 'number') expected.set(attribute, before + (amount as number));
  }
  for (const attribute of Object.keys(write.copy ?? {})) expected.delete(attribute);
  for (const [attribute, value] of Object.entries(write.set ?? {})) {
    if (value !== undefined) expected.set(attribute, value);
  }
  for (const attribute of write.unset ?? []) expected.set(attribute, undefined);
  return [...expected].every(([attribute, value]) =>
    isDeepStrictEqual((item as Record<string, unknown>)[attribute], value),
  );
}

/** What every item that meets the condition has, by attribute; undefined: it has none. */
function namedBy<T>(condition: Condition<T>): [attribute: string, value: unknown][] {
  if ('all' in condition) return condition.all.flatMap(namedBy);
  if ('equal' in condition) return [[condition.equal, condition.value]];
  if ('absent' in condition) return [[condition.absent, undefined]];
  return [];
}
