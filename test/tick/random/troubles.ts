import type { Dice } from '../../../local/faults/dice.ts';
import type { Circumstances } from '../../simulation/user/course.ts';
import type { Rates, Scenario } from './scenario.ts';

/** What goes wrong in the user's function whatever it is given, and in what it writes to. */
export interface Troubles extends Pick<Circumstances, 'faults' | 'sink'> {
  /** From now on the sink is down for so long. */
  breakSink(durationMs: number): void;
  cease(): void;
}

export function createTroubles(
  { rates, mayHang }: Pick<Scenario, 'rates' | 'mayHang'>,
  { dice, now }: { dice: Dice; now: () => number },
): Troubles {
  const rateOf = (name: string): number => (name in rates ? rates[name as keyof Rates] : 0);
  let hasCeased = false;
  let until = 0;
  let how: 'throws' | 'hangs' = 'throws';
  return {
    faults: {
      happens: (name) => !hasCeased && dice.chance(rateOf(name)),
      dice: () => dice,
    },
    sink: { trouble: () => (until > now() ? how : undefined) },
    breakSink(durationMs) {
      until = now() + durationMs;
      how = mayHang && dice.chance(0.2) ? 'hangs' : 'throws';
    },
    cease() {
      hasCeased = true;
      until = 0;
    },
  };
}
