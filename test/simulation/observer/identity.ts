import { shardKey } from '../../../lib/group/items.ts';
import { positionOf } from '../stream.ts';
import { type Delivery, explainsRepeat, isDisturbed, mayHaveHole, placeIn, type Watch } from './watch.ts';

/** What a batch is called, and which records come under which name. */

const ID = /^[^/]+\/(?<shard>[^/]+)\/(?<from>c\d+)-(?<to>c\d+)(?:\/(?<first>\d+)-(?<last>\d+))?$/;

export interface Named {
  shard: string;
  range: string;
  /** Where it begins in the shard. */
  start: number;
  /** Places in the shard, the last one exclusive. */
  first: number;
  last: number;
}

export function named(id: string): Named {
  const { shard = '', from = '', to = '', first, last } = ID.exec(id)?.groups ?? {};
  const start = positionOf(from);
  return {
    shard,
    range: `${from}-${to}`,
    start,
    first: start + Number(first ?? 0),
    last: last === undefined ? positionOf(to) : start + Number(last),
  };
}

/** The same id always has the same records: those that it names. */
export function watchIdentity(watch: Watch, delivery: Delivery): void {
  const { id, shard, actor, positions } = delivery;
  const { start, first, last, shard: namedShard } = named(id);
  const { trimmedUntil } = watch.world.stream.shards.get(shard)!;
  const given = watch.named.get(id);
  watch.named.set(id, positions);
  // Of a range whose beginning was past the retention, places are those of what was left when it was first read.
  const isTrimmed = trimmedUntil > 0 && start <= trimmedUntil;
  const isAsBefore = given === undefined || positions.every((position) => given.includes(position));
  const isWhole = positions[0] === first && positions.at(-1)! + 1 === last;
  if (namedShard !== shard || !(isWhole || (isTrimmed && isAsBefore) || mayHaveHole(watch, shard))) {
    watch.fail('other records', `${actor.name} is given ${positions} under the name ${id}`);
  }
  watchNoted(watch, delivery);
  for (const position of positions) watchAgain(watch, delivery, position);
}

/** Where a crash may have come before, or is not to change what a batch is, it is noted before it is given. */
function watchNoted(watch: Watch, { actor, shard, id }: Delivery): void {
  const { table, stream } = watch.world;
  const item = table.item(shardKey(shard));
  const pending = item?.pending;
  // What has killed a run may be past the retention.
  const isGone = item !== undefined && stream.shards.get(shard)!.trimmedUntil > placeIn(item);
  const isDurable = watch.world.settings.delivery.identity === 'durable';
  if (!isDurable && !actor.isNew && (!pending?.deadly || isGone)) return;
  if (pending?.inWork?.run === actor.name || isDisturbed(watch, shard, actor.startedAt)) return;
  watch.fail('not noted', `${actor.name} is given ${id}, of which the item says nothing`);
}

/** What was given and is not finished comes again under the same range: if that was noted whatever happened, else after a refusal. */
function watchAgain(watch: Watch, delivery: Delivery, position: number): void {
  const { actor, shard, id, range } = delivery;
  const last = watch.history(shard).tries[position]?.at(-1);
  if (last === undefined || last.range === range || isFinishedIn(last, position)) return;
  const { trimmedUntil } = watch.world.stream.shards.get(shard)!;
  // Its beginning is past the retention: then it is another one.
  if (positionOf(last.range.split('-')[0]!) < trimmedUntil) return;
  if (last.noted ? isDisturbed(watch, shard, last.actor.startedAt) : explainsRepeat(watch, last)) return;
  watch.fail('other batch', `${actor.name} is given record ${position} as ${id}, it was given as ${last.id}`);
}

/** Whether it was processed then. */
export const isFinishedIn = ({ how, done, positions }: Delivery, position: number): boolean =>
  how === 'succeeded' || positions.indexOf(position) < done;
