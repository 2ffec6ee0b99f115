import { SettingsError } from '../errors.ts';

/** What the schedule sends: which slot this tick is for. */
export interface TickEvent {
  slot: string;
}

/** Throws a SettingsError if the event does not name a slot. */
export function readSlot(event: unknown): string {
  const slot = (event as Partial<TickEvent> | null | undefined)?.slot;
  if (typeof slot === 'string' && /^[A-Za-z0-9][\w.-]{0,127}$/.test(slot)) return slot;
  const remedy =
    'give the schedule an input such as {"slot": "consumer-0"}, each schedule another name of 1–128 letters, digits, - _ or ., no sign in front';
  throw new SettingsError('event.slot', slot, remedy);
}
