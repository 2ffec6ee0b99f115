import type { Delivered } from '../../../lib/delivery/delivered.ts';
import { shardKey } from '../../../lib/group/items.ts';
import type { Actor } from '../host.ts';
import { named } from './identity.ts';
import { watchGiven } from './lingers.ts';
import type { Delivery, Watch } from './watch.ts';
import { watchBatch } from './work.ts';

/** Writes down what was given, and what became of it. */

export interface Given {
  id: string;
  shard: string;
  positions: readonly number[];
}

export function begin(watch: Watch, actor: Actor, { id, shard, positions }: Given): Delivery {
  const history = watch.history(shard);
  const { cursor, pending } = watch.world.table.item(shardKey(shard)) ?? {};
  const { range } = named(id);
  const ends = [cursor, pending?.to, ...(pending?.behind ?? []).map(({ to }) => to)];
  const noted = ends.some((end, index) => index > 0 && range === `${ends[index - 1]}-${end}`);
  const delivery: Delivery = {
    id,
    range,
    actor,
    shard,
    positions,
    begunAt: watch.world.scheduler.now(),
    noted,
    how: undefined,
    endedAt: undefined,
    done: 0,
    tooLate: false,
    atWrongTime: false,
    seeks: history.seeks,
    astray: history.openSeeks.size > 0,
  };
  watchBatch(watch, delivery);
  watch.facts(actor).inWork.add(delivery);
  for (const position of positions) {
    history.tries[position] = [...(history.tries[position] ?? []), delivery];
    const begun = history.begunBy[position]?.findLast(({ run }) => run === actor.name);
    if (begun !== undefined) begun.given = true;
  }
  return delivery;
}

export function answer(watch: Watch, delivery: Delivery, delivered: Delivered): void {
  const { actor, positions } = delivery;
  watch.facts(actor).inWork.delete(delivery);
  delivery.how = delivered.how;
  delivery.endedAt = watch.world.scheduler.now();
  delivery.done = delivered.how === 'succeeded' ? positions.length : 'done' in delivered ? delivered.done : 0;
  if (delivered.how === 'tooMany') {
    // Nothing was done, and nothing has failed: it was asked how many records fit.
    const { tries } = watch.history(delivery.shard);
    for (const position of positions)
      tries[position] = tries[position]?.filter((each) => each !== delivery) ?? [];
  }
  finish(watch, delivery, positions.slice(0, delivery.done));
  watchGiven(watch, delivery);
  if (delivery.done === 0) return;
  for (const whose of [`slot ${actor.slot}`, `shard ${delivery.shard}`]) {
    watch.successOf.set(whose, delivery.endedAt);
  }
}

/** Those records were processed. */
export function finish(watch: Watch, delivery: Delivery, positions: readonly number[]): void {
  const history = watch.history(delivery.shard);
  const success = ++watch.successes;
  delivery.atWrongTime = watch.clocksWrong();
  for (const position of positions) {
    history.behind[position] = true;
    // A seek that came while it worked wants these records processed after it.
    if (history.seeks !== delivery.seeks) continue;
    history.succeeded[position] = delivery;
    // What comes after its time, or beside another run, has no place in the order.
    const isInOrder = !delivery.tooLate && !delivery.astray && !watch.clocksWrong();
    history.finishedAs[position] = isInOrder ? success : undefined;
  }
}
