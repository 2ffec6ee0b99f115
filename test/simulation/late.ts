import type { Dice } from '../../local/faults/dice.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Writes that nobody waits for any more. They land when their time has come, or at the worst moment before that: just
 * after somebody has read the item and is about to decide by what it was.
 */
export interface LateWrites {
  add(target: string, delayMs: number, land: () => void): void;
  /** Somebody has read the item. */
  read(target: string): void;
  /** Somebody sends a write that takes over from a sender that has gone: its own may come just before. */
  overtaken(sender: string): void;
}

const HURRIES = 0.7;
const DECIDES_MS_MAX = 60;

export function createLateWrites(scheduler: Scheduler, dice: Dice): LateWrites {
  const waiting = new Map<string, Set<() => void>>();
  return {
    add(target, delayMs, land) {
      const others = waiting.get(target) ?? new Set();
      waiting.set(target, others);
      const once = (): void => {
        if (others.delete(once)) land();
      };
      others.add(once);
      scheduler.after(delayMs, once);
    },
    read(target) {
      for (const land of waiting.get(target) ?? []) {
        if (dice.chance(HURRIES)) scheduler.after(dice.between(1, DECIDES_MS_MAX), land);
      }
    },
    overtaken(sender) {
      for (const land of waiting.get(sender) ?? []) if (dice.chance(HURRIES)) scheduler.after(1, land);
    },
  };
}
