import type { Dice } from '../../local/faults/dice.ts';
import { type ChaosEvent, EVENTS, type Theatre } from './events.ts';

const ROUND_INTERVALS = 4;
const EVENTS_MAX = 4;

/**
 * One round: a few events at random moments, some of them at the same time. It is over when they all are, and not before
 * its time. Calls `onEvent` with what each did, for a person.
 */
export async function playRound(
  theatre: Theatre,
  dice: Dice,
  onEvent: (name: string, what: string) => void,
): Promise<void> {
  const { clock, times, signal } = theatre;
  const startedAtMs = clock.now();
  const roundMs = ROUND_INTERVALS * times.intervalMs;
  const until = (offsetMs: number): Promise<void> =>
    clock.sleep(Math.max(0, startedAtMs + offsetMs - clock.now()), signal);
  const moments = Array.from({ length: dice.between(1, EVENTS_MAX) }, () => dice.between(0, roundMs));

  const happening: Promise<void>[] = [];
  for (const [index, offsetMs] of moments.sort((a, b) => a - b).entries()) {
    await until(offsetMs).catch(() => {});
    if (signal.aborted) break;
    const event = choose(theatre, dice);
    const happened = event.happen(theatre, dice.fork(`event ${index}`));
    happening.push(happened.then((what) => onEvent(event.name, what)));
  }
  // None may go on behind the back of whoever ends the run.
  const settled = await Promise.allSettled(happening);
  const failure = settled.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  await until(roundMs);
}

function choose(theatre: Theatre, dice: Dice): ChaosEvent {
  const possible = EVENTS.filter((event) => event.possible(theatre));
  const lots = possible.flatMap((event) => Array.from({ length: event.weight }, () => event));
  return dice.pick(lots);
}
