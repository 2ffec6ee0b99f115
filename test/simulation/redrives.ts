import { type RedriveRequest, redrive } from '../../lib/delivery/redrive.ts';
import { noTracing } from '../../lib/observe/tracing.ts';
import { startBudget } from '../../lib/tick/budget.ts';
import type { Actor } from './host.ts';
import { createLetterStore } from './letters.ts';
import { createSource } from './source.ts';
import { createRedriver } from './user/redriver.ts';
import type { World } from './world.ts';

/** People, and schedules, that give dead letters to the user's function once more: beside ticks, and beside each other. */
export interface Redrives {
  cease(): void;
  /** With a function that takes everything: of all that there are. Resolves once it has ended, however that may be. */
  all(): Promise<void>;
}

/** Two of them at once. */
const TWICE = 0.5;
const BESIDE_MS_MAX = 10_000;

export function startRedrives(world: World): Redrives {
  const { scheduler, scenario, faults, platform, settings } = world;
  const { intervalMs, functionTimeoutMs, reserveMs } = scenario.times;
  const dice = world.dice.fork('redrives');
  let ceased = false;

  const run = async (request: RedriveRequest): Promise<void> => {
    const actor = platform.beside('redrive');
    const { clock } = actor.sandbox;
    const deadline = clock.now() + functionTimeoutMs;
    const budget = startBudget(clock, { deadline, reserveMs });
    const tools = {
      deadLetters: createLetterStore(world, actor),
      deliver: createRedriver(world, actor),
      source: createSource(world, actor),
      group: settings.group,
      clock,
      now: () => clock.now() + (scenario.measuresSkew ? actor.sandbox.skewMs : 0),
      logger: platform.loggerOf(actor),
      tracing: noTracing,
    };
    const { work, requests, workUntil } = budget;
    await redrive(tools, request, { work, requests, workUntil })
      .then(
        ({ stopped, ...counts }) => end(actor, `ends: ${stopped} ${JSON.stringify(counts)}`),
        (error) => end(actor, `throws ${String(error)}`),
      )
      .finally(budget.end);
  };
  const end = (actor: Actor, how: string): void => platform.ended(actor, how);
  const drawn = (): RedriveRequest => ({
    ...(dice.chance(0.3) && { shard: dice.pick([...world.stream.shards.keys()]) }),
    ...(dice.chance(0.3) && { lettersMax: dice.between(1, 3) }),
    ...(dice.chance(0.2) && { olderThanMs: dice.next() * 5 * intervalMs }),
  });
  const step = (): void => {
    if (ceased) return;
    scheduler.after(dice.next() * 2 * intervalMs, step);
    if (!faults.happens('redrive')) return;
    void run(drawn());
    if (dice.chance(TWICE)) scheduler.after(dice.next() ** 3 * BESIDE_MS_MAX, () => void run(drawn()));
  };
  scheduler.after(dice.next() * 2 * intervalMs, step);
  return {
    cease() {
      ceased = true;
    },
    all: () => run({}),
  };
}
