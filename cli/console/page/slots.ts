/** How a slot is told from the others: by a colour, by a texture where there are more slots than colours, and by a short name. */

export interface SlotLook {
  /** One of the colours of main.css. */
  readonly color: number;
  /** 0: none. */
  readonly texture: number;
  /** For where its name has no room. */
  readonly short: string;
}

export const COLORS = 6;
const TEXTURES = 3;

const byName = new Intl.Collator('en', { numeric: true }).compare;

/** In the order in which a person counts: `consumer-2` before `consumer-10`. */
export const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort(byName);

export function looksOf(slots: Iterable<string>): ReadonlyMap<string, SlotLook> {
  return new Map(
    sorted(slots).map((slot, index) => [
      slot,
      { color: index % COLORS, texture: Math.floor(index / COLORS) % TEXTURES, short: shortOf(slot) },
    ]),
  );
}

/** What differs from others stands at the end. */
const shortOf = (slot: string): string => /\d{1,4}$/.exec(slot)?.[0] ?? slot.slice(-2);
