import { streamOf } from '../../lib/group/listing.ts';
import type { World } from './world.ts';

/** What goes on in the stream, and which slots have a schedule, as long as faults last. */
export interface Workload {
  /** Those with a schedule. */
  slots(): string[];
  /** All that there may be. */
  readonly names: readonly string[];
  leave(slot: string): void;
  /** One more record for each open shard: of itself it is well. */
  feed(): void;
  /** The first slots get their schedules back. */
  rejoin(): void;
  cease(): void;
}

const OPEN_SHARDS_MAX = 6;
const SHARDS_MAX = 14;
const LIST_OUTAGE_INTERVALS_MAX = 5;
const STEPS_PER_INTERVAL = 4;
/** Of sixty in an interval. */
const JITTER_S_MAX = 59;
/** In which somebody rings once more. */
const RINGING_MS = 10_000;

export function startWorkload(world: World): Workload {
  const { scheduler, scenario, faults, trace, stream } = world;
  const { intervalMs } = world.settings.times;
  const dice = world.dice.fork('workload');
  const jitter = dice.fork('jitter');
  const rings = dice.fork('rings');
  const names = Array.from({ length: scenario.slots + 2 }, (_, index) => `s${index}`);
  // Which of its schedules a slot has: one that left and came back has another.
  const schedules = new Map<string, number>();
  let joined = 0;
  const retentionMs = intervalMs * dice.between(2, 12);
  let ceased = false;

  const step = (): void => {
    for (const shard of stream.open()) {
      const busy = dice.chance(0.5);
      if (!ceased && busy)
        stream.append(shard, dice.between(0, (2 * scenario.recordsPerInterval) / STEPS_PER_INTERVAL));
    }
    if (!ceased) {
      reshape();
      scheduler.after((dice.next() * 2 * intervalMs) / STEPS_PER_INTERVAL, step);
    }
  };
  const reshape = (): void => {
    const open = stream.open();
    const room = open.length < OPEN_SHARDS_MAX && stream.shards.size < SHARDS_MAX;
    if (faults.happens('split') && room) {
      const shard = faults.dice('split').pick(open);
      const children = stream.split(shard);
      trace.add('stream', () => `splits ${shard.id} into ${children.map(({ id }) => id).join(' and ')}`);
    } else if (faults.happens('merge') && open.length > 1 && stream.shards.size < SHARDS_MAX) {
      const first = open[faults.dice('merge').between(0, open.length - 2)]!;
      const second = open.find((shard) => shard !== first && streamOf(shard.id) === streamOf(first.id));
      const child = second && stream.merge(first, second);
      if (child !== undefined)
        trace.add('stream', () => `merges ${child.parents.join(' and ')} into ${child.id}`);
    }
    if (faults.happens('listOutage')) {
      const faultDice = faults.dice('listOutage');
      const until = scheduler.now() + faultDice.between(1, LIST_OUTAGE_INTERVALS_MAX) * intervalMs;
      stream.listOutage = { until, hangs: faultDice.chance(0.7) };
      trace.add('stream', () => `lists nothing, ${stream.listOutage?.hangs ? 'hangs' : 'fails'}`);
    }
    if (scenario.rates.trim > 0 && faults.happens('trim')) stream.trim(scheduler.now() - retentionMs);
  };

  const untilNextInterval = (): number => intervalMs - ((scheduler.now() - world.startsAt) % intervalMs);
  const join = (slot: string): void => {
    const schedule = ++joined;
    schedules.set(slot, schedule);
    trace.add('schedule', () => `${slot} joins`);
    const beginMs = scenario.together
      ? untilNextInterval() + dice.between(0, 4_000)
      : dice.next() * intervalMs;
    scheduler.after(beginMs, () => fire(slot, schedule));
  };
  const fire = (slot: string, schedule: number): void => {
    if (schedules.get(slot) !== schedule) return;
    scheduler.after(intervalMs + dice.between(0, 500), () => fire(slot, schedule));
    if (faults.happens('missing')) return;
    const lateMs = (faults.happens('late') ? faults.dice('late').next() * 2 * intervalMs : 0) + jitterMs();
    scheduler.after(lateMs, () => world.platform.invoke(slot));
    if (faults.happens('overlap')) {
      scheduler.after(faults.dice('overlap').next() ** 2 * intervalMs, () => world.platform.invoke(slot));
    }
  };
  const jitterMs = (): number =>
    scenario.jitters && !ceased ? jitter.between(0, JITTER_S_MAX) * (intervalMs / 60) : 0;
  /** Something has happened, and the same slot is rung for some times. */
  const ring = (): void => {
    if (ceased) return;
    scheduler.after(rings.next() * 2 * intervalMs, ring);
    if (schedules.size === 0) return;
    const slot = rings.pick([...schedules.keys()]);
    for (let more = rings.pick([1, 1, 2, 6]); more > 0; more--) {
      scheduler.after(rings.next() ** 2 * RINGING_MS, () => world.platform.invoke(slot, true));
    }
  };
  const churn = (): void => {
    if (ceased) return;
    scheduler.after(dice.next() * 2 * intervalMs, churn);
    // All of them away: the group is being deleted.
    if (!faults.happens('churn') || schedules.size === 0) return;
    for (const slot of names) {
      if (!faults.dice('churn').chance(0.4)) continue;
      if (!schedules.has(slot)) join(slot);
      else if (schedules.size > 1) leave(slot);
    }
  };
  const leave = (slot: string): void => {
    schedules.delete(slot);
    trace.add('schedule', () => `${slot} leaves`);
  };
  const rejoin = (): void => {
    for (const slot of names.slice(0, scenario.slots)) if (!schedules.has(slot)) join(slot);
  };

  rejoin();
  for (const shard of stream.open()) stream.append(shard, dice.between(0, scenario.recordsPerInterval));
  scheduler.after(0, step);
  scheduler.after(0, churn);
  if (scenario.rings) scheduler.after(0, ring);
  return {
    slots: () => [...schedules.keys()],
    names,
    leave,
    feed() {
      for (const shard of stream.open()) stream.append(shard, 1);
    },
    rejoin,
    cease() {
      ceased = true;
      stream.listOutage = undefined;
      scheduler.at(world.landsUntil, () => {
        if (schedules.size === 0) rejoin();
      });
    },
  };
}
