import type { Actor } from '../host.ts';
import { LIST_REFUSED } from '../lists.ts';
import type { Watch } from './watch.ts';

/** What trouble may cost: not a write that would have passed at the next try, nor a plan for what can be planned. */

/** A write without an answer is sent again at once, as long as its tick goes on. */
export function watchRepeats(watch: Watch, actor: Actor, write: object, mayRepeat: boolean): void {
  const { unsettled, tried } = watch.facts(actor);
  if (mayRepeat && !tried.has(write)) unsettled.add(write);
  else unsettled.delete(write);
  tried.add(write);
}

/** One stream that cannot be listed stops no plan for the others. */
export function watchPlans(watch: Watch, actor: Actor, error: unknown): void {
  const { lists } = watch.world;
  const isOneListed = lists.list().some((list) => 'shards' in list);
  if ((error as Error | undefined)?.message !== LIST_REFUSED || !isOneListed) return;
  if (watch.initializedAt > actor.startedAt) return;
  watch.fail('no plan', `${actor.name} makes none, as one of several streams cannot be listed`);
}
