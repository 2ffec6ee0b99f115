import { type ShardItem, shardKey } from '../../../lib/group/items.ts';
import type { GivenUp } from '../../../lib/group/pending.ts';
import type { Actor } from '../host.ts';
import { isFinishedIn } from './identity.ts';
import { wantedEnd } from './rest.ts';
import { type Delivery, explainsRepeat, isDisturbed, placeIn, type Watch } from './watch.ts';

/** What may be given again, and what may be given up. */

export function watchAttempt(watch: Watch, { actor, shard, id, positions, begunAt }: Delivery): void {
  const { settings, table, stream } = watch.world;
  const isExcused = (): boolean => isDisturbed(watch, shard, actor.startedAt);
  const { notBefore = 0 } = table.item(shardKey(shard))?.pending ?? {};
  // Whoever has just noted it may still find out whether the record is to blame.
  const isOwn = watch.history(shard).waitNotedBy === actor;
  if (notBefore > begunAt + settings.times.skewMarginMs && !isOwn && !isExcused()) {
    watch.fail('too early', `${actor.name} is given ${id}, which was to wait ${notBefore - begunAt} ms more`);
  }
  const { ageMaxMs = Number.POSITIVE_INFINITY } = settings.delivery;
  const { givenUp } = watch.history(shard);
  for (const position of positions) {
    const ageMs = begunAt - stream.shards.get(shard)!.receivedAt[position]!;
    // It is decided in the same run, however long the note takes that comes between.
    if (ageMs > ageMaxMs + settings.times.functionTimeoutMs && !isExcused()) {
      watch.fail('too old', `${actor.name} is given record ${position} of shard ${shard}, ${ageMs} ms old`);
    }
    if (givenUp[position] !== undefined && !isExcused()) {
      watch.fail('given up and given', `${actor.name} is given record ${position} of shard ${shard}`);
    }
  }
}

/** The moment at which records are noted as given up decides: after that they are never given again. */
export function watchGivingUpRecords(watch: Watch, actor: Actor, shard: string, item: ShardItem): void {
  const { condemned, lastAt = 0 } = item.pending ?? {};
  if (condemned === undefined) return;
  const history = watch.history(shard);
  const { trimmedUntil } = watch.world.stream.shards.get(shard)!;
  const first = placeIn(item);
  for (let position = first; position < first + condemned.count; position++) {
    if (position < trimmedUntil || history.givenUp[position] !== undefined) continue;
    history.givenUp[position] = { reason: condemned.reason, kept: false };
    const why = whyNot(watch, actor, {
      shard,
      position,
      end: first + condemned.count,
      reason: condemned.reason,
      lastAt,
    });
    if (why !== undefined) {
      watch.fail(why.check, `${actor.name} gives up record ${position} of shard ${shard}: ${why.text}`);
      return;
    }
  }
}

/** How often it was given, or noted as about to be: then the run may have died of it. */
export function attemptsOf(watch: Watch, shard: string, position: number): number {
  const { tries } = watch.history(shard);
  const given = tries[position] ?? [];
  return given.length + neverGiven(watch, shard, position).length;
}

/** When runs noted that they begin with the record, and did not come to that: they may have died of it, as far as anybody knows. */
function neverGiven(watch: Watch, shard: string, position: number): number[] {
  const begun = watch.history(shard).begunBy[position] ?? [];
  return begun.filter(({ given }) => !given).map(({ at }) => at);
}

interface Candidate {
  shard: string;
  position: number;
  /** Where the block ends. */
  end: number;
  reason: GivenUp;
  /** When all of it was last said to have failed. */
  lastAt: number;
}

type Objection = { check: 'given up too soon' | 'no evidence' | 'given up and given'; text: string };

function whyNot(watch: Watch, actor: Actor, candidate: Candidate): Objection | undefined {
  const { shard, position, end, reason, lastAt } = candidate;
  const { settings, stream, scheduler } = watch.world;
  const { attemptsMax, onPoison, ageMaxMs = 0 } = settings.delivery;
  const history = watch.history(shard);
  const tooSoon = (text: string): Objection => ({ check: 'given up too soon', text });
  if (reason === 'tooOld') {
    const ageMs = scheduler.now() - stream.shards.get(shard)!.receivedAt[position]!;
    const isOld = ageMs > ageMaxMs - settings.times.skewMarginMs || watch.clocksWrong();
    return isOld ? undefined : tooSoon(`it is ${ageMs} ms old`);
  }
  if (onPoison === 'block') return tooSoon('its shard was to stop there');
  if (isDisturbed(watch, shard, actor.startedAt)) return undefined;
  const succeeded = history.succeeded[position];
  if (succeeded !== undefined && !explainsRepeat(watch, succeeded)) {
    return { check: 'given up and given', text: `${succeeded.actor.name} had processed it` };
  }
  const attempts = attemptsOf(watch, shard, position);
  if (attempts < attemptsMax) return tooSoon(`after ${attempts} attempts`);
  const tries = history.tries[position] ?? [];
  const last = tries.at(-1);
  // Where no time was left, it goes on in the next tick.
  const isSlow = history.tries.slice(position, end).some((each) => each?.at(-1)?.how === 'timedOut');
  const isInRound = last !== undefined && last.begunAt > lastAt;
  const isFresh = reason === 'died' || last?.actor === actor || isSlow || isInRound;
  if (!isFresh) return tooSoon('it was not tried again before that');
  return isProven(watch, actor, candidate)
    ? undefined
    : { check: 'no evidence', text: 'nothing else succeeded' };
}

/** Something else has succeeded since it failed before its last time; where nothing comes after it, since it first failed. */
function isProven(watch: Watch, actor: Actor, candidate: Candidate): boolean {
  const { shard, position, end } = candidate;
  const failures = failuresOf(watch, shard, position);
  const first = failures[0]?.at ?? 0;
  const truth = watch.world.stream.shards.get(shard)!;
  const isAtEnd =
    watch.facts(actor).emptied.has(shard) ||
    end >= wantedEnd(watch.world, truth) ||
    !(truth.receivedAt[end]! <= actor.startedAt);
  // Of what no note tells, nobody can know.
  const before = failures.slice(0, -1).findLast(({ isNoted }) => isNoted)?.at ?? first;
  const since = (isAtEnd ? first : before) - watch.world.settings.times.skewMarginMs;
  // What a run may die of is given up by what the slots that tried it had seen by then.
  const triedIn = (watch.history(shard).tries[position] ?? []).map(({ actor: by }) => `slot ${by.slot}`);
  const witnesses = [`slot ${actor.slot}`, `shard ${shard}`, ...triedIn];
  return witnesses.some((whose) => (watch.successOf.get(whose) ?? 0) > since);
}

/** In their order. A run that died tells when it began the record. */
function failuresOf(watch: Watch, shard: string, position: number): { at: number; isNoted: boolean }[] {
  const { tries: triesOf, begunBy } = watch.history(shard);
  const tries = triesOf[position] ?? [];
  // The run after one that died notes so, if that one had noted that it begins.
  const isBegun = (actor: Actor) => begunBy[position]?.some(({ run }) => run === actor.name) === true;
  // What had less than half of a tick has not failed, nor have several that were not done in time: they are too many.
  const enoughMs = watch.world.settings.times.functionTimeoutMs / 2;
  const isTooMuch = ({ positions, begunAt, endedAt }: Delivery): boolean =>
    positions.length > 1 || endedAt! - begunAt < enoughMs;
  const failures = tries
    .filter((each) => !isFinishedIn(each, position))
    .map((each) => ({
      at: each.how === undefined ? each.begunAt : each.endedAt!,
      isNoted:
        each.how === undefined
          ? isBegun(each.actor)
          : isCertain(watch, each.actor, shard) && !(each.how === 'timedOut' && isTooMuch(each)),
    }));
  const unknown = neverGiven(watch, shard, position).map((at) => ({ at, isNoted: true }));
  return [...failures, ...unknown].sort((one, other) => one.at - other.at);
}

/** What it has seen is noted. */
const isCertain = (watch: Watch, actor: Actor, shard: string): boolean =>
  actor.state !== 'dead' && !watch.facts(actor).troubled.has(shard);
