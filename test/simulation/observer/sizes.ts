import { shardKey } from '../../../lib/group/items.ts';
import { RECORD_BYTES } from '../source.ts';
import { named } from './identity.ts';
import { type Delivery, explainsRepeat, isDisturbed, type Watch } from './watch.ts';

/** How many records a batch may have, and how few. */
export function watchSize(watch: Watch, delivery: Delivery): void {
  const { actor, id, positions } = delivery;
  const { recordsMax } = watch.world.settings.delivery;
  if (positions.length > recordsMax)
    watch.fail('too many records', `${actor.name} is given ${id}: ${positions.length} of ${recordsMax}`);
  watchSmaller(watch, delivery);
  watchJoined(watch, delivery);
}

/** What was not finished in time comes again smaller. */
function watchSmaller(watch: Watch, { actor, shard, id, positions }: Delivery): void {
  const last = watch.history(shard).tries[positions[0]!]?.at(-1);
  if (last?.how !== 'timedOut' || last.done > 0 || last.positions[0] !== positions[0]) return;
  const count = last.positions.length;
  if (count === 1 || positions.length < count || explainsRepeat(watch, last)) return;
  watch.fail('not smaller', `${actor.name} is given ${id}, and ${last.id} was not finished in time`);
}

/** Of the time that a run has, so much may pass before it stops to join pulls. */
const JOINING_SHARE = 1 / 4;

/** A range that is given for the first time is as large as it should be, or old enough, or there is no more to join. */
function watchJoined(watch: Watch, { actor, shard, id, positions, begunAt }: Delivery): void {
  const { settings, stream, table } = watch.world;
  const { bytesMin, waitMaxMs } = settings.delivery;
  const { start, first, range } = named(id);
  const end = Number(range.slice(range.lastIndexOf('c') + 1));
  if ((end - start) * RECORD_BYTES >= bytesMin || settings.endAt !== undefined) return;
  const { pending, step = 0 } = table.item(shardKey(shard)) ?? {};
  // What is noted was begun before, or comes behind what was: then it is as it is.
  const isOfAnother = pending?.inWork !== undefined && pending.inWork.run !== actor.name;
  const isNoted = pending !== undefined && (step > 1 || pending.block !== undefined || isOfAnother);
  const isAgain = isNoted || watch.history(shard).tries[first] !== undefined;
  const { trimmedUntil, receivedAt, closedAt } = stream.shards.get(shard)!;
  const isOver = closedAt !== undefined && end === receivedAt.length;
  const isExcused = isAgain || isOver || first !== start || positions[0]! < trimmedUntil || trimmedUntil > 0;
  if (isExcused || isDisturbed(watch, shard, actor.startedAt)) return;
  if (watch.facts(actor).emptied.has(shard)) return;
  const isInTime = begunAt - actor.startedAt < settings.times.functionTimeoutMs * JOINING_SHARE;
  if (receivedAt[end]! <= actor.startedAt) {
    if (isInTime) watch.fail('too small', `${actor.name} is given ${id}, though more was there`);
    return;
  }
  const ageMs = begunAt - receivedAt[start]!;
  const { skewMarginMs } = settings.times;
  // By a clock that is behind it may be of the future: that does not wait.
  const isYoung = ageMs > skewMarginMs && ageMs < waitMaxMs - skewMarginMs;
  if (isYoung && !(receivedAt[end]! <= begunAt))
    watch.fail('too small', `${actor.name} is given ${id}, ${ageMs} ms old, though that could wait`);
}
