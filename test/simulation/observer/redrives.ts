import type { Delivered } from '../../../lib/delivery/delivered.ts';
import type { Actor } from '../host.ts';
import type { Watch } from './watch.ts';

/** What a redrive may do: give a letter that nobody else has, and do away with none that was not processed. */

export interface Redriven {
  readonly actor: Actor;
  readonly letter: string;
}

export function watchRedrives(watch: Watch) {
  const inWork = new Set<Redriven>();
  const processed = new Set<string>();
  const failures = new Map<string, number>();
  return {
    begun(
      actor: Actor,
      { id, letter, isRedriven }: { id: string; letter: string; isRedriven: boolean },
    ): Redriven {
      const given = { actor, letter };
      if (!isRedriven)
        watch.fail('wrong letter', `${actor.name} is given ${id}, and not told that it is a dead letter`);
      for (const other of inWork) {
        const isSame = other.letter === letter && other.actor.state === 'live';
        if (!isSame || watch.clocksWrong()) continue;
        watch.fail(
          'claimed twice',
          `${actor.name} is given dead letter ${letter}, which ${other.actor.name} has`,
        );
      }
      if (!watch.world.letters.kept.has(letter) && !watch.clocksWrong()) {
        watch.fail('claimed twice', `${actor.name} is given dead letter ${letter}, which is there no more`);
      }
      inWork.add(given);
      return given;
    },
    ended(given: Redriven, how: Delivered['how']): void {
      inWork.delete(given);
      const { letter } = given;
      if (how === 'succeeded') processed.add(letter);
      else if (how === 'failed') failures.set(letter, (failures.get(letter) ?? 0) + 1);
    },
    removed(actor: Actor, letter: string, redrives: number): void {
      if (!processed.has(letter)) {
        watch.fail('loss', `${actor.name} removes dead letter ${letter}, which was never processed`);
      }
      // With the one that succeeded. Of those that had no end it may count more.
      const times = 1 + (failures.get(letter) ?? 0);
      failures.delete(letter);
      if (redrives >= times) return;
      watch.fail('not counted', `dead letter ${letter} says ${redrives} redrives, there were ${times}`);
    },
  };
}
