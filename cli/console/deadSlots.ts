/** A plan removes a slot whose session is over from the table. Whoever looks on wants to know that it is dead, until it comes back. Pure. */
import type { Look } from '../look.ts';
import { isSameGroup } from './between.ts';

/** Of slots that never come back. */
const DEAD_MAX = 100;

/** The look with the slots that have died and are in the table no more, as they were when they were last seen. */
export function withDeadSlots(look: Look, before: Look | undefined): Look {
  const { description } = look;
  if (before === undefined || !isSameGroup(before.description, description)) return look;
  const isThere = new Set(description.consumers.map(({ slot }) => slot));
  const dead = before.description.consumers
    // One that was removed before its session was over has not died.
    .filter(({ slot, live, expiresAt }) => !isThere.has(slot) && (!live || expiresAt < description.at))
    .toSorted((one, other) => other.expiresAt - one.expiresAt)
    .slice(0, DEAD_MAX)
    .map((consumer) => ({ ...consumer, live: false, busy: false, draining: false, assigned: {} }));
  if (dead.length === 0) return look;
  const consumers = [...description.consumers, ...dead].toSorted((one, other) =>
    one.slot < other.slot ? -1 : 1,
  );
  return { ...look, description: { ...description, consumers } };
}
