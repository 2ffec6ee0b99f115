import { drawRound, runNext } from './events.ts';
import { Violation } from './ledger.ts';
import { comeToRest } from './rest.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { startWorld } from './world.ts';

export interface SeedResult {
  scenario: Scenario;
  /** What was wrong; undefined if nothing was. */
  violation: string | undefined;
  /** Intervals that it took to come to rest. */
  restAfter: number;
  trace: string[];
}

/** One run: random events for some intervals, then quiet, and everything has to be as it should. */
export async function runSeed(seed: number): Promise<SeedResult> {
  const { scenario, dice } = drawScenario(seed);
  const world = await startWorld(scenario, dice);
  const { clock, trace, group, ledger } = world;
  const { intervalMs } = scenario.times;
  const result: SeedResult = { scenario, violation: undefined, restAfter: 0, trace };
  let toldUntil = 0;
  const tell = (): void => {
    for (const { at, slot, event, level, ...fields } of group.events.slice(toldUntil)) {
      if (level !== 'debug') trace.push(`    ${slot} ${event} ${JSON.stringify(fields)}`);
    }
    toldUntil = group.events.length;
  };
  try {
    for (let round = 0; round < scenario.rounds; round++) {
      const events = drawRound(world, dice.fork(`round ${round}`));
      while (events.length > 0) {
        await runNext(world, events);
        ledger.check();
        tell();
      }
      const past = Math.max(1, Math.ceil((clock.now() - world.roundAt) / intervalMs));
      world.roundAt += past * intervalMs;
      clock.advance(world.roundAt - clock.now());
    }
    result.restAfter = await comeToRest(world);
  } catch (error) {
    result.violation = error instanceof Violation ? error.message : String((error as Error).stack);
  } finally {
    tell();
    await world.stage.close();
  }
  return result;
}
