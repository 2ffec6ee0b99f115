import type { ShardItem } from '../../../lib/group/items.ts';
import type { Actor } from '../host.ts';
import { positionOf } from '../stream.ts';
import { watchGivingUpRecords } from './attempts.ts';
import { watchNotes } from './deaths.ts';
import { wantedEnd } from './rest.ts';
import { watchWait } from './waits.ts';
import { isDisturbed, mayPass, placeIn, type Watch } from './watch.ts';

/** What a write may do to a shard's item: pass no record, go back never, keep one owner per epoch. */
export function watchShardWrite(
  watch: Watch,
  actor: Actor,
  shard: string,
  before: ShardItem | undefined,
  after: ShardItem | undefined,
): void {
  const truth = watch.world.stream.shards.get(shard);
  if (truth === undefined) {
    watch.fail('ghost', `an item of shard ${shard}, which never was`);
    return;
  }
  if (after === undefined) {
    if (actor.purpose === 'delete') {
      watch.forget(shard);
      return;
    }
    if (after === undefined && before !== undefined && before.state !== 'done') {
      watch.fail('loss', `the checkpoint of shard ${shard}, which is ${before.state}, was deleted`);
    }
    // One that is listed again is made again, and read from its beginning: that repeats, but passes nothing over.
    const listed = truth.removedAt === undefined && !watch.world.lists.wasHidden(shard);
    if (listed) watch.fail('deletion', `the item of shard ${shard}, which is still listed, was deleted`);
    return;
  }
  if (before === undefined) watchCreation(watch, actor, shard, after);
  else {
    watchGivingUpRecords(watch, actor, shard, after);
    watchNotes(watch, actor, shard, { before, after });
    watchMove(watch, actor, shard, before, after);
  }
  if (after.state === 'done' && before?.state !== 'done') {
    watchDone(watch, actor, shard, after);
  }
  if (after.givenUpAt !== undefined && before?.givenUpAt === undefined) watchGivingUp(watch, shard);
  // Who remembers the shard from before that still works on it, and is refused.
  if (after.givenUpAt === undefined && before?.givenUpAt !== undefined) {
    watch.history(shard).givenUpAt = watch.world.scheduler.now();
  }
  watchEpoch(watch, shard, before, after);
}

/** Only what was left out of a list that was true of the others may be taken for gone. */
function watchGivingUp(watch: Watch, shard: string): void {
  watch.history(shard).givenUpAt = watch.world.scheduler.now();
  const isGone = watch.world.stream.shards.get(shard)!.removedAt !== undefined;
  if (isGone || watch.world.lists.wasHidden(shard)) return;
  watch.fail('loss', `shard ${shard} is given up, and never was missing`);
}

/**
 * `end` and `time` hold for what the group found at its start. A shard that came later, or continues one that the
 * group has had, is read from its first record.
 */
function watchCreation(watch: Watch, actor: Actor, shard: string, after: ShardItem): void {
  const truth = watch.world.stream.shards.get(shard)!;
  if (truth.removedAt !== undefined) return;
  // What was read and not listed for long is forgotten; listed again, it is read again.
  if (watch.history(shard).madeBy !== undefined && watch.world.lists.wasHidden(shard)) watch.forget(shard);
  const history = watch.history(shard);
  if (history.madeBy !== undefined)
    watch.fail('rewind', `the item of shard ${shard} was made again at ${after.cursor}`);
  history.madeBy = actor;
  history.madeAt = watch.world.scheduler.now();
  const since = wantedSince(watch, actor, shard);
  const position = positionOf(after.cursor);
  for (let skipped = truth.trimmedUntil; skipped < position; skipped++) {
    if (truth.receivedAt[skipped]! >= since) {
      watch.fail('loss', `shard ${shard} starts at ${after.cursor}, record ${skipped} is passed over`);
      return;
    }
    history.skipped[skipped] = true;
    history.behind[skipped] = true;
  }
}

/**
 * From when on the group wants the shard's records: since it began as a whole, or with an ancestor in an earlier plan.
 * What the service no longer lists tells nobody that a shard continues it; two first plans at once, by a wrong clock, may
 * each find where the stream ends.
 */
function wantedSince(watch: Watch, actor: Actor, shard: string): number {
  const { stream, lists, scenario, settings, scheduler } = watch.world;
  if (scenario.start === 'begin') return 0;
  if (watch.isFoundedWrong) return Number.POSITIVE_INFINITY;
  const now = scheduler.now();
  const began = settings.start.at === 'time' ? settings.start.unixMs : now;
  const since = stream.shards.get(shard)!.parents.map((parent) => {
    const isUnlisted = stream.shards.get(parent)!.removedAt !== undefined || lists.wasHidden(parent);
    if (isUnlisted || watch.clocksWrong()) return now;
    const { madeBy = actor, madeAt } = watch.history(parent);
    return madeBy === actor ? wantedSince(watch, actor, parent) : madeAt;
  });
  return Math.min(began, watch.initializedAt, ...since);
}

function watchDone(watch: Watch, actor: Actor, shard: string, after: ShardItem): void {
  const { stream, settings, scheduler } = watch.world;
  const truth = stream.shards.get(shard)!;
  const { endAt } = settings;
  // Who takes the end time for past while it is not, ends early: it cannot know better.
  if (endAt !== undefined && actor.startedAt <= endAt && watch.clocksWrong()) {
    watch.history(shard).endedEarly = true;
    return;
  }
  const over = endAt !== undefined && scheduler.now() > endAt;
  if (truth.closedAt === undefined && !over) watch.fail('loss', `shard ${shard} is done, but open`);
  passes(watch, shard, positionOf(after.cursor), wantedEnd(watch.world, truth), 'it is done');
}

function watchMove(watch: Watch, actor: Actor, shard: string, before: ShardItem, after: ShardItem): void {
  if (actor.purpose === 'seek') {
    watchSeek(watch, actor, shard, positionOf(before.cursor), positionOf(after.cursor));
    return;
  }
  const history = watch.history(shard);
  const isLate = actor.state !== 'live';
  if (isLate && before.cursor !== after.cursor) history.landedLateAt = watch.world.scheduler.now();
  if (isLate && before.step !== after.step) history.notedLateAt = watch.world.scheduler.now();
  if (before.pending?.notBefore !== after.pending?.notBefore) history.waitNotedBy = actor;
  watchWait(watch, actor, shard, { before, after });
  watchFence(watch, actor, shard, before, after);
  const from = placeIn(before);
  const to = placeIn(after);
  if (before.state === 'done' && after.state !== 'done')
    watch.fail('rewind', `shard ${shard} is no longer done`);
  if (from !== to && before.givenUpAt !== undefined)
    watch.fail('stale work', `shard ${shard} moves from ${before.cursor}, though it was given up`);
  // What had been begun is past the retention in part: it goes on with what is left, as if it were new. The service has said so, or had
  // nothing there.
  const { stream, scenario } = watch.world;
  const isTold = scenario.expiresCursors || scenario.rates.emptyAnswer > 0;
  const isExpired = isTold && stream.shards.get(shard)!.trimmedUntil > positionOf(before.cursor);
  const isForgotten = before.pending !== undefined && after.pending === undefined;
  if (isExpired && isForgotten) startAgain(watch, shard, to);
  else if (to < from) watch.fail('rewind', `shard ${shard} goes back from ${from} to ${to}`);
  passes(watch, shard, from, to, `from ${before.cursor} to ${after.cursor}`);
  if (!isLate) inOrder(watch, shard, from, to);
}

/** A checkpoint or a note lands only if its sender has seen the last one. */
function watchFence(watch: Watch, actor: Actor, shard: string, before: ShardItem, after: ShardItem): void {
  const history = watch.history(shard);
  const { at: seenAt = actor.startedAt } = watch.facts(actor).seen.get(shard) ?? {};
  const isOlder = before.step !== undefined && history.notedBy !== actor && seenAt < history.notedAt;
  if (isOlder && (before.cursor !== after.cursor || before.step !== after.step)) {
    watch.fail(
      'stale write',
      `${actor.name} overwrites what ${history.notedBy?.name} has noted of shard ${shard}`,
    );
  }
  if (before.step === after.step && before.cursor === after.cursor) return;
  history.notedBy = actor;
  history.notedAt = watch.world.scheduler.now();
}

/** What is passed was last processed in its order. */
function inOrder(watch: Watch, shard: string, from: number, to: number): void {
  const { finishedAs } = watch.history(shard);
  let before = finishedAs[from - 1] ?? 0;
  for (let position = from; position < to; position++) {
    const finished = finishedAs[position] ?? before;
    if (finished < before && !isDisturbed(watch, shard, 0)) {
      watch.fail(
        'order',
        `shard ${shard} passes record ${position}, which was last processed before the one before it`,
      );
    }
    before = finished;
  }
}

/** Forward: those records are not wanted. From the target on all are wanted, again or for the first time. */
function watchSeek(watch: Watch, actor: Actor, shard: string, from: number, to: number): void {
  const history = watch.history(shard);
  history.seeks++;
  history.soughtAt = watch.world.scheduler.now();
  history.openSeeks.add(actor);
  watch.facts(actor).sought.add(shard);
  for (let position = from; position < to; position++) {
    history.skipped[position] = true;
    history.behind[position] = true;
  }
  startAgain(watch, shard, to);
}

/** From there on all is wanted, as if nothing had been. */
function startAgain(watch: Watch, shard: string, to: number): void {
  const { tries, givenUp, begunBy, succeeded, finishedAs, skipped, counted } = watch.history(shard);
  for (const list of [tries, givenUp, begunBy, succeeded, finishedAs, skipped, counted]) {
    list.length = Math.min(list.length, to);
  }
}

/** From now on the owner knows, if the command came to its end and its write had landed by then. */
export function endSeeks(watch: Watch, actor: Actor, succeeded: boolean): void {
  if (!succeeded) return;
  for (const shard of watch.facts(actor).sought) {
    const history = watch.history(shard);
    history.openSeeks.delete(actor);
    history.soughtAt = watch.world.scheduler.now();
  }
}

function passes(watch: Watch, shard: string, from: number, to: number, how: string): void {
  for (let position = from; position < to; position++) {
    if (mayPass(watch, shard, position)) continue;
    watch.fail('loss', `shard ${shard} passes record ${position}, never processed: ${how}`);
    return;
  }
}

function watchEpoch(watch: Watch, shard: string, before: ShardItem | undefined, after: ShardItem): void {
  const history = watch.history(shard);
  if (before === undefined ? after.epoch <= history.epochMax : after.epoch < before.epoch) {
    watch.fail('epoch', `the epoch of shard ${shard} falls from ${history.epochMax} to ${after.epoch}`);
  }
  if (history.ownerOfEpoch.has(after.epoch) && history.ownerOfEpoch.get(after.epoch) !== after.owner) {
    watch.fail('epoch', `shard ${shard} has two owners in epoch ${after.epoch}, one is ${after.owner}`);
  }
  history.ownerOfEpoch.set(after.epoch, after.owner);
  history.epochMax = Math.max(history.epochMax, after.epoch);
}
