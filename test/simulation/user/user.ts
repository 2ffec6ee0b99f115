import type { Deliver, Delivered } from '../../../lib/delivery/delivered.ts';
import { type Actor, sleep } from '../host.ts';
import type { World } from '../world.ts';
import { counting } from './counting.ts';
import { type Course, courseOf } from './course.ts';

const never = (): Promise<never> => new Promise(() => {});

/** The user's function as a run calls it: mostly quick and well-behaved, and not always. Never rejects, and ends with the signal. */
export function createUser(world: World, actor: Actor): Deliver {
  const { observer, trace } = world;
  return async ({ id, shard, records }, { signal }) => {
    const positions = [...records].map((record) => Number(record.get('position')));
    const what = `process ${shard} ${positions[0]}–${positions.at(-1)}`;
    trace.add(actor.name, () => `${what} … ${id}`);
    const delivery = observer.begun(actor, { id, shard, positions });
    const course = courseOf(world, shard, positions);
    const startedAt = world.scheduler.now();
    const finished = (): number => finishedAfter(world, course, world.scheduler.now() - startedAt);
    const cut = new Promise<Delivered>((resolve) => {
      const end = (): void => resolve({ how: 'timedOut', done: finished(), error: signal.reason });
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
    const working = run(world, actor, { shard, positions }, course, signal);
    const delivered = await Promise.race([working, cut]);
    trace.add(
      actor.name,
      () => `${what} → ${delivered.how}${'done' in delivered ? ` ${delivered.done}` : ''}`,
    );
    observer.answered(delivery, delivered);
    if (delivered.how === 'timedOut') {
      // Code that does not listen to its signal comes to its end all the same: in a later tick of the sandbox, maybe.
      const isOver = observer.goesOn(delivery);
      working.then(({ how }) => {
        isOver();
        if (how === 'succeeded') observer.succeededLate(delivery);
      });
    }
    return delivered;
  };
}

/** How many records are finished after so long, where they are taken one by one. */
function finishedAfter({ scenario }: World, { at, afterMs }: Course, elapsedMs: number): number {
  if (scenario.habits.takes === 'batches') return 0;
  return Math.min(at, Math.floor((elapsedMs / Math.max(1, afterMs)) * at));
}

/** What the code does, as long as it is let. */
async function run(
  world: World,
  actor: Actor,
  { shard, positions }: { shard: string; positions: readonly number[] },
  course: Course,
  signal: AbortSignal,
): Promise<Delivered> {
  const { scheduler, platform, scenario } = world;
  const { ends, at, afterMs, ignores } = course;
  const cut: Delivered = { how: 'timedOut', done: 0, error: signal.reason };
  try {
    await sleep(scheduler, actor.sandbox, afterMs, ignores ? undefined : signal);
  } catch {
    return cut;
  }
  if (ends === 'hangs') {
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    return cut;
  }
  if (ends === 'exits' || ends === 'loops') {
    if (actor.state !== 'live') return cut;
    actor.killedBy = ends;
    actor.killedIn = shard;
    if (ends === 'exits') platform.crash(actor, 'exits');
    else actor.sandbox.loop();
    return never();
  }
  const { takes, writesMax } = scenario.habits;
  if (ends === 'succeeds')
    return writesMax === undefined ? { how: 'succeeded' } : counting(shard, positions, writesMax);
  const error = new Error(`the simulated function ${ends} at ${at}`);
  // What stands before it would be done, and not be counted.
  const isNamed = writesMax === undefined && (ends === 'names' || takes === 'records');
  return isNamed ? { how: 'named', done: at, error } : { how: 'failed', error };
}
