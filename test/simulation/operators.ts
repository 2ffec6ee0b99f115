import {
  deleteGroup,
  drain,
  pause,
  pauseShard,
  removeSlot,
  resume,
  resumeShard,
  seek,
  undrain,
} from '../../lib/group/operations.ts';
import type { Position } from '../../lib/sources/source.ts';
import type { Actor, Purpose } from './host.ts';
import { createSource } from './source.ts';
import { cursorOf, positionOf } from './stream.ts';
import { createTransport } from './transport.ts';
import type { World } from './world.ts';

/** People at their computers, who may close the lid at any moment. */
export interface Operators {
  /** Breaks off what is under way. */
  cease(): void;
  /** Makes the group run again, and most slots take part. */
  setRight(): void;
  /** Somebody seeks once more, and is broken off. */
  seekHalf(): void;
}

const PURPOSES: readonly Purpose[] = [
  'seek',
  'seek',
  'seek',
  'pause',
  'drain',
  'undrain',
  'remove',
  'delete',
];
const DELETE_ATTEMPTS_MAX = 6;
/** How often one shard is paused beside whatever else is done. */
const SHARD_PAUSES = 0.2;
const BROKEN_OFF_MS_MAX = 60;

export function startOperators(world: World): Operators {
  const { scheduler, faults, platform, settings, trace } = world;
  const { intervalMs, sessionTimeoutMs } = settings.times;
  const dice = world.dice.fork('operators');
  const pauses = world.dice.fork('pauses of shards');
  const never = new AbortController().signal;
  const atWork = new Set<Actor>();
  let commands = 0;
  let ceased = false;

  /** Runs one command to its end, unless the computer goes down. Answers whether it succeeded. */
  const command = (purpose: Purpose, what: string, then?: (succeeded: boolean) => void): Actor => {
    const sandbox = platform.computer();
    const actor: Actor = {
      name: `op${++commands} ${purpose}`,
      slot: undefined,
      purpose,
      shard: purpose === 'pause' || purpose === 'resume' ? what || undefined : undefined,
      sandbox,
      startedAt: scheduler.now(),
      deadline: Number.POSITIVE_INFINITY,
      state: 'live',
      open: 0,
    };
    atWork.add(actor);
    sandbox.thaw();
    world.observer.clockUsed(sandbox.offsetMs);
    trace.add(actor.name, () => `starts: ${what}`);
    const end = (succeeded: boolean, how: string): void => {
      if (actor.state !== 'live') return;
      actor.state = 'ended';
      atWork.delete(actor);
      trace.add(actor.name, () => how);
      world.observer.ended(actor, succeeded ? 'done' : how);
      then?.(succeeded);
    };
    perform(world, actor, what, never).then(
      (succeeded) => end(succeeded, succeeded ? 'done' : 'was refused'),
      (error) => end(false, `throws ${String(error)}`),
    );
    return actor;
  };
  const step = (): void => {
    if (ceased) return;
    scheduler.after(dice.next() * 2 * intervalMs, step);
    if (!faults.happens('operator')) return;
    if (pauses.chance(SHARD_PAUSES)) pauseShortly(pauses.pick([...world.stream.shards.keys()]));
    const purpose = faults.dice('operator').pick(PURPOSES);
    if (purpose === 'delete') {
      startAnew();
      return;
    }
    if (purpose === 'pause') {
      scheduler.after(dice.next() * 4 * intervalMs, () => ceased || command('resume', ''));
    }
    const name = purpose === 'seek' ? target() : dice.pick(world.workload.names);
    command(purpose, purpose === 'pause' ? '' : name);
  };
  const pauseShortly = (shard: string): void => {
    scheduler.after(pauses.next() * 4 * intervalMs, () => ceased || command('resume', shard));
    command('pause', shard);
  };
  const target = (): string =>
    `${dice.pick([...world.stream.shards.keys(), 'all'])} ${dice.pick(['begin', 'end', 'time', 'back', 'here', 'here', 'on'])}`;

  /** All slots stop, the group is deleted once their sessions are over, and they start again. */
  const startAnew = (): void => {
    for (const slot of world.workload.slots()) world.workload.leave(slot);
    // Nor does anybody start it again while a part of a deletion that was broken off may still land.
    const restart = (): void => scheduler.at(world.landsUntil, () => world.workload.rejoin());
    const attempt = (left: number): void => {
      if (ceased) return;
      // What is still on its way lands first: nobody deletes a group in the minute in which its last slot stopped.
      if (scheduler.now() < world.landsUntil) {
        scheduler.at(world.landsUntil + intervalMs, () => attempt(left));
        return;
      }
      if (left === 0) {
        restart();
        return;
      }
      command('delete', '', (deleted) =>
        deleted ? restart() : scheduler.after(intervalMs / 2, () => attempt(left - 1)),
      );
    };
    scheduler.after(3 * intervalMs + sessionTimeoutMs, () => attempt(DELETE_ATTEMPTS_MAX));
  };

  scheduler.after(dice.next() * 2 * intervalMs, step);
  return {
    cease() {
      ceased = true;
      for (const actor of atWork) platform.crash(actor, 'is broken off');
    },
    setRight() {
      const { group, consumers, shards } = world.table.state();
      // Only where it is needed: each of these makes a cache cold, and hides what a warm one would do.
      if (group?.paused) command('resume', '');
      for (const [shard, { paused, state }] of shards) {
        if (paused && state !== 'done') command('resume', shard);
      }
      const drained = [...consumers].filter(([, { draining }]) => draining).map(([slot]) => slot);
      const others = world.workload.slots().filter((slot) => !drained.includes(slot));
      const left = others.length > 0 ? dice.between(0, 1) : 0;
      for (const slot of drained.slice(left)) command('undrain', slot);
    },
    seekHalf() {
      const seeking = command('seek', `${dice.pick(world.stream.open()).id} back`);
      scheduler.after(dice.next() * BROKEN_OFF_MS_MAX, () => platform.crash(seeking, 'is broken off'));
    },
  };
}

async function perform(world: World, actor: Actor, what: string, signal: AbortSignal): Promise<boolean> {
  const store = createTransport(world, actor);
  const options = { signal };
  const { skewMarginMs } = world.settings.times;
  const limits = { now: actor.sandbox.clock.now(), skewMarginMs };
  switch (actor.purpose) {
    case 'seek': {
      const [shard = '', place = ''] = what.split(' ');
      const to = seekTo(world, shard, place);
      await seek(store, createSource(world, actor), { shard, to }, options);
      return true;
    }
    case 'pause':
      await (what === '' ? pause(store, options) : pauseShard(store, what, options));
      return true;
    case 'resume':
      await (what === '' ? resume(store, options) : resumeShard(store, what, options));
      return true;
    case 'drain':
      await drain(store, what, options);
      return true;
    case 'undrain':
      await undrain(store, what, options);
      return true;
    case 'remove':
      return (await removeSlot(store, what, limits, options)).removed;
    case 'delete':
      return (await deleteGroup(store, limits, options)).deleted;
    case 'tick':
    case 'redrive':
    case 'replay':
      throw new Error('an operator does not tick');
  }
}

/** `here`, `back` and `on` are near the checkpoint, where something is likely to be under way. */
function seekTo(world: World, shard: string, place: string): Position | { cursor: string } {
  if (place === 'begin' || place === 'end') return { at: place };
  const { intervalMs } = world.settings.times;
  const item = world.table.item(`SHARD#${shard}`);
  if (place === 'time' || item === undefined)
    return { at: 'time', unixMs: world.scheduler.now() - intervalMs };
  const { trimmedUntil, receivedAt } = world.stream.shards.get(shard)!;
  const distance = { back: -3, here: 0, on: 2 }[place] ?? 0;
  const position = positionOf(item.cursor) + distance;
  return { cursor: cursorOf(Math.min(receivedAt.length, Math.max(trimmedUntil, position))) };
}
