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
    ended(given: Redriven, isTaken: boolean): void {
      inWork.delete(given);
      if (isTaken) processed.add(given.letter);
    },
    removed(actor: Actor, letter: string): void {
      if (processed.has(letter)) return;
      watch.fail('loss', `${actor.name} removes dead letter ${letter}, which was never processed`);
    },
  };
}
