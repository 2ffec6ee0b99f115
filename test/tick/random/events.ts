import { drain, seek, undrain } from '../../../lib/group/operations.ts';
import type { Dice } from '../../../local/faults/dice.ts';
import type { Official } from './official.ts';
import type { RateName } from './scenario.ts';
import { type Slot, STEP_MS, type TickPlan } from './slots.ts';
import type { RandomWorld } from './world.ts';

/** Something that happens at a moment of the interval. */
export interface Event {
  atMs: number;
  run(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** Calls of a tick to the outside among which it may be held. */
const CALLS_MAX = 14;
/** A tick that is held goes on within its time, if nothing else takes longer. */
const HELD_SHARE = 0.6;
/** What the user's function writes to is down for so many intervals, at most. */
const SINK_INTERVALS_MAX = 6;
const KEYS = '0123456789abcdef';

const { signal } = new AbortController();
const options = { signal };

/** Draws what happens in one interval. */
export function drawRound(world: RandomWorld, dice: Dice): Event[] {
  const events: Event[] = [];
  const happens = (name: RateName): boolean => dice.chance(world.scenario.rates[name]);
  const { times } = world.scenario;
  const at = (run: () => Promise<void>, atMs = world.scaled(dice.between(0, 55_000))): void =>
    void events.push({ atMs, run });

  const { failing } = world.stage;
  failing.commits = happens('failingCommits');
  failing.heartbeats = happens('failingHeartbeats');
  failing.checkpoints = happens('failingCheckpoints');
  world.letters.isFull = happens('lettersFull');
  if (happens('sinkDown')) world.troubles.breakSink(dice.next() * SINK_INTERVALS_MAX * times.intervalMs);
  world.note(`round, failing ${JSON.stringify(failing)}, ${world.troubles.sink.trouble() ?? ''}`);
  world.slots.forEach((slot, index) => {
    if (slot.state === 'absent' && happens('joins')) slot.state = 'live';
    if (slot.state !== 'live') return;
    if (happens('leaves') && world.slots.some((other) => other !== slot && other.state === 'live')) {
      slot.state = 'left';
    } else if (slot.silentFor > 0) slot.silentFor--;
    else {
      if (happens('silent')) slot.silentFor = dice.between(1, 5);
      if (happens('drains')) at(() => turnDrain(world, slot, dice.chance(0.5)));
      const atMs = world.scaled(index * 3_000 + dice.between(0, 2_000));
      at(() => tickSomehow(world, slot, dice, events), atMs);
    }
  });
  for (const worker of world.workers) drawOfficial(worker, dice, happens, at);
  for (let puts = dice.between(0, 4); puts > 0; puts--)
    at(() => put(world, dice.pick([...KEYS]), dice.pick([1, 1, 2, 3])));
  if (happens('splits')) at(() => reshard(world, dice, 'split'));
  if (happens('merges')) at(() => reshard(world, dice, 'merge'));
  if (happens('adds')) at(() => reshard(world, dice, 'addPartition'));
  if (happens('deletes')) at(() => deleteGroup(world));
  if (happens('timeouts')) at(() => shortenTimeout(world));
  if (happens('seeks')) at(() => seekSomewhere(world, dice));
  if (happens('days')) at(() => letADayPass(world), DAY_MS + times.intervalMs);
  return events.sort((one, other) => one.atMs - other.atMs);
}

function drawOfficial(
  worker: Official,
  dice: Dice,
  happens: (name: RateName) => boolean,
  at: (run: () => Promise<void>) => void,
): void {
  if (worker.state === 'stalled' && dice.chance(0.3)) at(() => worker.wake());
  if (worker.state === 'absent' && happens('officialJoins')) worker.state = 'live';
  if (worker.state !== 'live') return;
  if (happens('officialDies')) worker.die();
  else if (happens('stalls')) worker.state = 'stalled';
  else for (let turns = dice.between(1, 3); turns > 0; turns--) at(() => worker.step());
}

/** One tick: in its own sandbox, a new one or an older one; whole, held in the middle, or killed there. */
async function tickSomehow(world: RandomWorld, slot: Slot, dice: Dice, left: Event[]): Promise<void> {
  if (slot.running) return;
  const { rates } = world.scenario;
  if (dice.chance(rates.cold)) slot.sandboxes++;
  const older = dice.chance(rates.oldSandbox) ? dice.between(1, slot.sandboxes) : slot.sandboxes;
  const plan: TickPlan = { sandbox: `${slot.name}${older}` };
  plan.dies = dice.chance(rates.dies);
  if (plan.dies || dice.chance(rates.pauses)) {
    const where = dice.chance(0.5)
      ? { of: 'process' as const, at: dice.between(1, 3) }
      : { of: 'all' as const, at: dice.between(1, CALLS_MAX) };
    plan.fate = { ...where, when: dice.pick(['before', 'after']) };
    const until = world.clock.now() + HELD_SHARE * world.scenario.times.functionTimeoutMs;
    plan.meanwhile = async () => {
      if (dice.chance(rates.overlaps)) await overlap(world, slot);
      const other = world.slots.find((one) => one.state === 'live' && !one.running && one.silentFor === 0);
      if (other !== undefined && dice.chance(0.5)) await world.tick(other, { sandbox: other.name });
      for (let more = dice.between(0, 4); more > 0 && (left[0]?.atMs ?? DAY_MS) < DAY_MS; more--) {
        await runNext(world, left, until);
      }
    };
  }
  plan.pass = () => letPass(world, left);
  await world.tick(slot, plan);
}

/** While a tick lingers: what is next, if it is its time; else the time goes on. */
export async function letPass(world: RandomWorld, left: Event[]): Promise<void> {
  const { clock, roundAt } = world;
  if (left[0] !== undefined && roundAt + left[0].atMs <= clock.now()) await runNext(world, left);
  else clock.advance(STEP_MS);
}

/** A second tick of a slot whose first one is at work. That may not have come to its heartbeat; then it is the one that leaves. */
async function overlap(world: RandomWorld, slot: Slot): Promise<void> {
  const result = await world.tick({ ...slot }, { sandbox: `${slot.name} overlapping` });
  world.note(`${slot.name} overlapped: ${result?.outcome}`);
}

/** Takes the next event off the list, at its time or as soon as the one before is over; and no later than is said. */
export async function runNext(
  world: RandomWorld,
  events: Event[],
  until = Number.POSITIVE_INFINITY,
): Promise<void> {
  const event = events.shift();
  if (event === undefined) return;
  const waitMs = Math.min(world.roundAt + event.atMs, until) - world.clock.now();
  if (waitMs > 0) world.clock.advance(waitMs);
  await event.run();
}

/** Some records together, into the shard that takes the key. */
export async function put(world: RandomWorld, key: string, count = 1): Promise<void> {
  const { stage, ledger, clock } = world;
  const before = stage.ends();
  const contents = Array.from({ length: count }, (_, index) => `r${ledger.size + index}`);
  await stage.put(key, ...contents);
  const after = stage.ends();
  const shard = Object.keys(after).find((id) => after[id] !== before[id])!;
  for (const content of contents) ledger.put(shard, content, { putAt: clock.now(), end: after[shard]! });
  world.note(`put ${contents} into ${shard.slice(-2)}`);
}

async function reshard(
  world: RandomWorld,
  dice: Dice,
  how: 'split' | 'merge' | 'addPartition',
): Promise<void> {
  const shards = Object.keys(world.stage.ends());
  if (shards.length > 8) return;
  const index = dice.between(0, shards.length - 1);
  try {
    if (how === 'addPartition') world.stage.addPartition?.();
    else world.stage[how](index);
    world.note(`${how} ${index}`);
  } catch {
    // A closed shard, or one without a neighbour: the operator is told so.
  }
}

/** An operator does away with the service's group, if the service lets them. */
async function deleteGroup({ stage, ledger, note }: RandomWorld): Promise<void> {
  await stage.serviceGroup.remove(signal).then(
    () => {
      note('the group is deleted');
      ledger.forgetCommitted();
    },
    () => note('the group is not deleted'),
  );
}

/** An official worker starts that is told to be silent for less than our interval, and tells the group so. */
async function shortenTimeout({ stage, note, scenario }: RandomWorld): Promise<void> {
  await stage.joinAsOfficial(scenario.times.intervalMs / 2);
  note('the session timeout is half an interval');
}

async function turnDrain(world: RandomWorld, slot: Slot, leaving: boolean): Promise<void> {
  const { store } = world.group;
  world.note(`${slot.name} ${leaving ? 'drains' : 'is undrained'}`);
  await (leaving ? drain : undrain)(store, slot.name, options).catch(() => {});
}

async function seekSomewhere(world: RandomWorld, dice: Dice): Promise<void> {
  const { stage, group, ledger, workers, slots } = world;
  const shard = dice.pick(Object.keys(stage.ends()));
  const at = dice.pick(['begin', 'begin', 'end'] as const);
  const request = { shard, to: { at } };
  const answers = await seek(group.store, stage.source, request, options).catch(() => []);
  if (answers[0]?.sought !== true) return;
  world.note(`${shard.slice(-2)} is sought to its ${at}`);
  // A service that keeps the order does not hand out a closed shard again that was once read to its end.
  const listed = await stage.source.listShards(signal);
  const isGivenAgain = !stage.keepsOrder || listed.some(({ id, state }) => id === shard && state === 'open');
  const isIdle = workers.length === 0 && slots.every(({ running }) => !running);
  ledger.sought(shard, at, isGivenAgain && isIdle);
}

/** Whatever was put is past the retention; of shards without an item nobody can say so. */
async function letADayPass(world: RandomWorld): Promise<void> {
  const { clock, group, ledger } = world;
  const until = clock.now() - DAY_MS;
  const { shards } = await group.store.readAll({ ...options, consistent: true });
  // Official workers pass over what has expired, and say nothing.
  ledger.expire(until, (shard) => world.workers.length === 0 && shards.has(shard));
  world.note('a day passes');
}
