import type { ConsumerItem } from '../group/items.ts';

/** Which of a group's slots are started, and what becomes of the others. */
export interface Choice {
  /** In the order of their names; those that leave are among them until they hold nothing. */
  start: string[];
  drain: string[];
  undrain: string[];
  /** Those that have left. */
  remove: string[];
}

/**
 * Pure. Those that are there stay, the first ones first; then those that are leaving come back, then new ones. What an operator drains stays
 * drained and goes on ticking, and another slot takes its place.
 */
export function chooseSlots(
  names: readonly string[],
  consumers: ReadonlyMap<string, ConsumerItem>,
  wanted: number,
): Choice {
  const standing = new Map(names.map((slot) => [slot, standingOf(consumers.get(slot))]));
  const those = (...which: Standing[]): string[] =>
    which.flatMap((each) => names.filter((slot) => standing.get(slot) === each));
  const chosen = new Set(those('staying', 'leaving', 'left', 'absent').slice(0, wanted));
  const isChosen = (slot: string): boolean => chosen.has(slot);
  const remove = those('left').filter((slot) => !isChosen(slot));
  const drain = those('staying').filter((slot) => !isChosen(slot));
  const started = new Set([...chosen, ...drain, ...those('leaving', 'drained')]);
  return {
    start: names.filter((slot) => started.has(slot)),
    drain,
    undrain: those('leaving', 'left').filter(isChosen),
    remove,
  };
}

type Standing = 'absent' | 'staying' | 'drained' | 'leaving' | 'left';

function standingOf(consumer: ConsumerItem | undefined): Standing {
  if (consumer === undefined) return 'absent';
  const { draining, scaledDown, assigned = {}, generation = 0, acknowledged } = consumer;
  if (!draining) return 'staying';
  if (!scaledDown) return 'drained';
  return Object.keys(assigned).length === 0 && acknowledged === generation ? 'left' : 'leaving';
}
