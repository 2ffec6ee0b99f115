import { SettingsError } from '../errors.ts';
import { namesOf } from './rules.ts';

/** What the schedule sends: which slot this tick is for. */
export interface TickEvent {
  slot: string;
}

const NAME = /^[A-Za-z0-9][\w.-]{0,127}$/;
const SLOTS_MAX = 1_000;
/** Of a group's slots, those that an error names. */
const SHOWN_MAX = 5;

/** Which slots a group has. */
export interface Slots {
  slots: readonly string[];
  /** Their number follows the load, and is that at least. Undefined: there are always all. */
  slotsMin: number | undefined;
}

/** The slots of a group: a count, as they are deployed from `consumer-0` on, their least and greatest number (`2-40`), or their names. */
export function readSlots(field: string, text: string): Slots {
  if (isCount(text)) return { slots: deployedSlots(Number(text)), slotsMin: undefined };
  const [, least = '', most = ''] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (isCount(least) && isCount(most) && Number(least) <= Number(most)) {
    return { slots: deployedSlots(Number(most)), slotsMin: least === most ? undefined : Number(least) };
  }
  const remedy = `a count from 1 to ${SLOTS_MAX}, the least and the greatest such as 2-40, or the slots' names`;
  if (/^[+-]?\d+(-\d+)?$/.test(text)) throw new SettingsError(field, text, `write ${remedy}`);
  return { slots: namesOf(field, text, { pattern: NAME, most: SLOTS_MAX, remedy }), slotsMin: undefined };
}

const isCount = (text: string): boolean => /^[1-9]\d{0,3}$/.test(text) && Number(text) <= SLOTS_MAX;

/** How the slots of a deployment are called. */
export const deployedSlots = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `consumer-${index}`);

/**
 * Throws a SettingsError if the event does not name a slot, or one that is not among `slots`: a tick of a slot that has no schedule
 * would join the group and hold shards that nobody reads, until its session ends.
 */
export function readSlot(event: unknown, slots?: readonly string[]): string {
  const slot = (event as Partial<TickEvent> | null | undefined)?.slot;
  if (typeof slot !== 'string' || !NAME.test(slot)) {
    const remedy =
      'give the schedule an input such as {"slot": "consumer-0"}, each schedule another name of 1–128 letters, digits, - _ or ., no sign in front';
    throw new SettingsError('event.slot', slot, remedy);
  }
  if (slots === undefined || slots.includes(slot)) return slot;
  const shown = slots.slice(0, SHOWN_MAX).join(', ');
  const more = slots.length > SHOWN_MAX ? ` and ${slots.length - SHOWN_MAX} more` : '';
  throw new SettingsError('event.slot', slot, `the group has ${shown}${more}: SHARDBEAT_SLOTS says so`);
}
