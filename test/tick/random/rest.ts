import type { ShardItem } from '../../../lib/group/items.ts';
import { undrain } from '../../../lib/group/operations.ts';
import { type Event, letPass, put, runNext } from './events.ts';
import { Violation } from './ledger.ts';
import type { RandomWorld } from './world.ts';

/** From here on nothing fails but what is poison, and only our slots are alive. */
const ROUNDS_MIN = 4;
/** The sessions of others end after two, their shards are handed on, and plans are made every second interval. */
const ROUNDS_MAX = 12;
/** What was tried for the last time may wait for six, and each poison record takes some more. */
const ROUNDS_OF_POISON_MAX = 60;
/** As long as it gets on, it is waited for, up to here. */
const ROUNDS_ENDLESS = 200;

const KEYS = ['0', '4', '8', 'c'];

const { signal } = new AbortController();
const options = { signal };

/** Lets the group come to rest, and says how many intervals that took. Throws a Violation if it does not. */
export async function comeToRest(world: RandomWorld): Promise<number> {
  const { scenario, ledger } = world;
  const { user } = scenario;
  await makeQuiet(world);
  /** What is unfinished for longest, and since when. */
  let [oldest, since]: [string | undefined, number] = [undefined, 0];
  let roundsMax = user.isPlain ? ROUNDS_MAX : ROUNDS_OF_POISON_MAX;
  let isCured = user.isPlain;
  for (let round = 1; round <= ROUNDS_ENDLESS; round++) {
    // Somebody's late commit may have moved a checkpoint at the service that a warm slot trusts.
    await quietRound(world, { cold: world.workers.length > 0 && round === ROUNDS_MIN });
    if (round < ROUNDS_MIN) continue;
    const left = await whatIsLeft(world);
    if (left === '') {
      await checkQuiet(world);
      return round;
    }
    const [first] = ledger.missing(new Set());
    if (first !== oldest) [oldest, since] = [first, round];
    // A function may be slow, and each of many poison records takes its time.
    if (round < roundsMax || (!user.isPlain && round < since + ROUNDS_MAX)) continue;
    if (isCured) throw new Violation(`no rest: ${left}`);
    isCured = true;
    roundsMax = round + ROUNDS_MAX;
    await cure(world, left);
  }
  throw new Violation('no rest, and no end of it');
}

async function makeQuiet(world: RandomWorld): Promise<void> {
  const { stage, slots, workers, group, troubles, letters, poisons, ledger } = world;
  Object.assign(stage.failing, { commits: false, heartbeats: false, checkpoints: false });
  troubles.cease();
  letters.isFull = false;
  poisons.cease(ledger.lengths());
  for (const worker of workers) worker.die();
  if (slots.every(({ state }) => state !== 'live')) slots[0]!.state = 'live';
  for (const { name } of slots) await undrain(group.store, name, options).catch(() => {});
  world.note('quiet');
  for (const key of KEYS) await put(world, key);
}

/** Nothing comes behind a poison record at the end of a closed shard: nobody can tell whether it is to blame, until it is taken. */
async function cure(world: RandomWorld, left: string): Promise<void> {
  const { shards } = await world.group.store.readAll({ ...options, consistent: true });
  for (const [shard, item] of shards) {
    if (item.pending !== undefined && !isUndecidable(item, shards)) {
      throw new Violation(`no rest: ${shard} is not finished with ${JSON.stringify(item.pending)}; ${left}`);
    }
  }
  world.note('cured');
  world.poisons.cease(new Map());
}

/** Its last records have failed as often as is allowed, and its slot has no other shard into which something comes. */
function isUndecidable(item: ShardItem, shards: ReadonlyMap<string, ShardItem>): boolean {
  const { pending, state, owner } = item;
  if (pending?.block === undefined || state !== 'closing') return false;
  const others = [...shards.values()].filter((other) => other !== item && other.owner === owner);
  return others.every((other) => other.state !== 'open' || other.pending?.block !== undefined);
}

async function quietRound(world: RandomWorld, { cold = false, puts = true } = {}): Promise<void> {
  const { clock, slots, scenario, roundAt } = world;
  world.note('quiet round');
  // What comes behind a record that has failed tells whether it is to blame.
  if (puts && (await isAnyUndecided(world))) for (const key of KEYS) await put(world, key);
  const live = slots.filter(({ state }) => state === 'live');
  const ticks = live.map((slot, index): Event => {
    const run = async (): Promise<void> => {
      if (cold) slot.sandboxes++;
      const sandbox = `${slot.name}${slot.sandboxes}`;
      await world.tick(slot, { sandbox, pass: () => letPass(world, ticks) });
    };
    return { atMs: world.scaled(index * 1_000), run };
  });
  while (ticks.length > 0) await runNext(world, ticks);
  world.roundAt = roundAt + scenario.times.intervalMs;
  clock.advance(Math.max(0, world.roundAt - clock.now()));
}

async function isAnyUndecided({ group }: RandomWorld): Promise<boolean> {
  const { shards } = await group.store.readAll({ ...options, consistent: true });
  return [...shards.values()].some(({ pending }) => pending?.block !== undefined);
}

/** In words; nothing, if every record was processed or put aside and every checkpoint is where the records end. */
async function whatIsLeft({ stage, group, ledger, workers, scenario }: RandomWorld): Promise<string> {
  const told = new Set(
    group.events
      .filter(({ event }) => event === 'cursor.expired' || event === 'shard.vanished')
      .map(({ shard }) => String(shard)),
  );
  const missing = ledger.missing(told);
  if (missing.length > 0) return `lost: ${missing}`;
  const checkpoints = await stage.serviceGroup.checkpoints(signal);
  const { shards } = await group.store.readAll({ ...options, consistent: true });
  for (const [shard, end] of Object.entries(stage.ends())) {
    const theirs = checkpoints.get(shard);
    if (theirs !== end) return `the checkpoint of ${shard} at the service is ${theirs}, its end ${end}`;
    const own = shards.get(shard);
    // One that others have finished, or that was sought after its end, is not given to us any more.
    const isTheirs = (workers.length > 0 || scenario.rates.seeks > 0) && own?.state === 'closing';
    if (own?.cursor !== end && !isTheirs)
      return `our checkpoint of ${shard} is ${own?.cursor}, its end ${end}`;
    if (own?.pending !== undefined && !isTheirs) return `${shard} is not finished, at its end`;
  }
  return '';
}

/** At rest a round finds nothing to do and nothing to complain of. */
async function checkQuiet(world: RandomWorld): Promise<void> {
  const { given, group } = world;
  const { batches } = given;
  const before = group.events.length;
  await quietRound(world, { puts: false });
  if (given.batches > batches) throw new Violation('processed something at rest');
  const isComplaint = ({ level, event }: (typeof group.events)[number]): boolean =>
    // Of a shard that vanishes it is not known whether its end was read: by others, or just before it was closed.
    (level === 'error' || level === 'warn') && event !== 'shard.vanished';
  const complaint = group.events.slice(before).find(isComplaint);
  if (complaint !== undefined) throw new Violation(`complained at rest: ${JSON.stringify(complaint)}`);
}
