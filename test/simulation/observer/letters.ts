import type { DeadLetter } from '../../../lib/delivery/deadLetters/deadLetters.ts';
import type { Actor } from '../host.ts';
import { positionOf } from '../stream.ts';
import { isDisturbed, type Watch } from './watch.ts';

/** A dead letter is kept: of a record of which it was noted before, and says what that was. */
export function watchLetter(watch: Watch, actor: Actor, letter: DeadLetter): void {
  const { shard, id, from, index, reason, pairs } = letter;
  const position = Number(Buffer.from(pairs[0]?.[1] ?? []).toString());
  const { trimmedUntil } = watch.world.stream.shards.get(shard)!;
  const isThere = positionOf(from) + index === position || positionOf(from) < trimmedUntil;
  if (id !== `${shard}/${position}/0` || !isThere) {
    watch.fail(
      'wrong letter',
      `${actor.name} keeps record ${position} of shard ${shard} as ${id}, ${index} from ${from}`,
    );
  }
  const history = watch.history(shard);
  const givenUp = history.givenUp[position];
  // One that lands late is of a record that is given up all the same, or was sought since.
  if (actor.state !== 'live' || isDisturbed(watch, shard, actor.startedAt)) {
    if (givenUp === undefined) return;
    givenUp.kept = true;
    history.behind[position] = true;
    return;
  }
  if (givenUp === undefined && position >= trimmedUntil) {
    watch.fail(
      'given up too soon',
      `${actor.name} keeps record ${position} of shard ${shard}, and the item says nothing`,
    );
  } else if (givenUp !== undefined && givenUp.reason !== reason) {
    watch.fail(
      'wrong letter',
      `record ${position} of shard ${shard} is kept as ${reason}, and given up as ${givenUp.reason}`,
    );
  }
  history.givenUp[position] = { reason, kept: true };
  history.behind[position] = true;
}
