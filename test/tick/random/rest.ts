import { undrain } from '../../../lib/group/operations.ts';
import { INTERVAL_MS } from '../../support/world.ts';
import { put } from './events.ts';
import { Violation } from './ledger.ts';
import { mayRepeat } from './scenario.ts';
import type { RandomWorld } from './world.ts';

/** From here on nothing fails and only our slots are alive. */
const ROUNDS_MIN = 4;
/** The sessions of others end after two, their shards are handed on, and plans are made every second interval. */
const ROUNDS_MAX = 9;

const { signal } = new AbortController();
const options = { signal };

/** Lets the group come to rest, and says how many intervals that took. Throws a Violation if it does not. */
export async function comeToRest(world: RandomWorld): Promise<number> {
  await makeQuiet(world);
  let unrest = '';
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    // Somebody's late commit may have moved a checkpoint at the service that a warm slot trusts.
    await quietRound(world, { cold: world.workers.length > 0 && round === ROUNDS_MIN });
    if (round < ROUNDS_MIN) continue;
    unrest = await whatIsLeft(world);
    if (unrest !== '') continue;
    await checkQuiet(world);
    return round;
  }
  throw new Violation(`no rest: ${unrest}`);
}

async function makeQuiet(world: RandomWorld): Promise<void> {
  const { stage, slots, workers, group } = world;
  Object.assign(stage.failing, { commits: false, heartbeats: false, checkpoints: false });
  for (const worker of workers) worker.die();
  if (slots.every(({ state }) => state !== 'live')) slots[0]!.state = 'live';
  for (const { name } of slots) await undrain(group.store, name, options).catch(() => {});
  world.note('quiet');
  for (const key of ['0', '4', '8', 'c']) await put(world, key);
}

async function quietRound(world: RandomWorld, { cold = false } = {}): Promise<void> {
  const { clock, slots } = world;
  world.note('quiet round');
  for (const slot of slots.filter(({ state }) => state === 'live')) {
    if (cold) slot.sandboxes++;
    await world.tick(slot, { sandbox: `${slot.name}${slot.sandboxes}` });
    clock.advance(1_000);
  }
  world.roundAt += INTERVAL_MS;
  clock.advance(Math.max(0, world.roundAt - clock.now()));
}

/** In words; nothing, if every record was processed and every checkpoint is where the records end. */
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
  }
  return '';
}

/** At rest a round finds nothing to do and nothing to complain of. */
async function checkQuiet(world: RandomWorld): Promise<void> {
  const { ledger, group } = world;
  if (!mayRepeat(world.scenario) && ledger.repeated().length > 0) {
    throw new Violation(`repeated: ${ledger.repeated()}`);
  }
  const { deliveries } = ledger;
  const before = group.events.length;
  await quietRound(world);
  if (ledger.deliveries > deliveries) throw new Violation('processed something at rest');
  const isComplaint = ({ level, event }: (typeof group.events)[number]): boolean =>
    // Of a shard that vanishes it is not known whether its end was read: by others, or just before it was closed.
    (level === 'error' || level === 'warn') && event !== 'shard.vanished';
  const complaint = group.events.slice(before).find(isComplaint);
  if (complaint !== undefined) throw new Violation(`complained at rest: ${JSON.stringify(complaint)}`);
}
