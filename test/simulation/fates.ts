import type { Fate } from './requests.ts';
import type { World } from './world.ts';

/** The SDK gives a request up after this long; then nobody knows whether it was carried out. */
const REQUEST_TIMEOUT_MS = 3_000;

/** How old an item may be that is not read consistently. */
export const STALE_MS_MAX = 5_000;

export function readFate(world: World): Fate {
  const { faults } = world;
  // A driver repeats a failed read by itself: slow, and at last an error.
  const upMs = latencyMs(world, 'slowStore', 4 * REQUEST_TIMEOUT_MS);
  if (faults.happens('throttled')) return failed('refused', upMs + 500);
  if (faults.happens('lostRequest')) return failed('unknown', 4 * REQUEST_TIMEOUT_MS);
  return answered(world, upMs);
}

export function writeFate(world: World): Fate {
  const { faults } = world;
  const upMs = latencyMs(world, 'slowStore', REQUEST_TIMEOUT_MS);
  if (faults.happens('throttled')) return failed('refused', upMs + 500);
  if (faults.happens('lostRequest')) return failed('unknown', REQUEST_TIMEOUT_MS);
  if (faults.happens('lostAnswer')) return { ...failed('unknown', REQUEST_TIMEOUT_MS), effectsMs: [upMs] };
  if (faults.happens('delayedWrite')) {
    return { ...failed('unknown', REQUEST_TIMEOUT_MS), effectsMs: [longMs(world, 'delayedWrite')] };
  }
  if (faults.happens('lastWrite')) {
    // Long enough for others to take over.
    const outlastsMs = (1 + 4 * faults.dice('lastWrite').next()) * world.settings.times.intervalMs;
    return { ...failed('unknown', REQUEST_TIMEOUT_MS), effectsMs: [outlastsMs], outlastsMs };
  }
  if (faults.happens('connectionDied')) return brokenOff(world, world.latency.between(1, 5));
  if (faults.happens('serverError')) return brokenOff(world, upMs);
  const fate = answered(world, upMs);
  if (faults.happens('writtenTwice')) {
    const againMs = upMs + faults.dice('writtenTwice').between(1, 1_500);
    return { effectsMs: [upMs, againMs], answers: 1, answerMs: againMs + (fate.answerMs - upMs) };
  }
  if (faults.happens('echo')) return { ...fate, effectsMs: [upMs, upMs + longMs(world, 'echo')] };
  return fate;
}

export function sourceFate(world: World): Fate {
  const { faults } = world;
  const upMs = latencyMs(world, 'slowSource', 20_000);
  if (faults.happens('sourceError')) return failed('unknown', upMs + 100);
  return answered(world, upMs);
}

/** As of any request to the source; in an outage there is no answer as long as the tick waits, or a failure. */
export function listFate(world: World): Fate {
  const { stream, scheduler, settings } = world;
  const fate = sourceFate(world);
  if (stream.listOutage === undefined || stream.listOutage.until <= scheduler.now()) return fate;
  const answerMs = stream.listOutage.hangs ? 2 * settings.times.functionTimeoutMs : fate.answerMs;
  return failed('unknown', answerMs);
}

const failed = (failure: 'refused' | 'unknown', answerMs: number): Fate => ({
  effectsMs: [],
  answers: 0,
  answerMs,
  failure,
});

/** No answer, known at once; whether and when the write lands is another matter. */
function brokenOff(world: World, answerMs: number): Fate {
  const landsMs = world.faults
    .dice('connectionDied')
    .pick([undefined, answerMs, longMs(world, 'connectionDied')]);
  return { ...failed('unknown', answerMs), effectsMs: landsMs === undefined ? [] : [landsMs] };
}

const answered = (world: World, upMs: number): Fate => ({
  effectsMs: [upMs],
  answers: 0,
  answerMs: upMs + world.latency.between(1, 10) + (world.latency.chance(0.05) ? upMs : 0),
});

function latencyMs(world: World, slow: 'slowStore' | 'slowSource', mostMs: number): number {
  const usualMs = world.latency.between(2, 20);
  return world.faults.happens(slow) ? usualMs + world.faults.dice(slow).next() ** 2 * mostMs : usualMs;
}

/** From seconds to some intervals: within the tick, after it, or after its session. */
function longMs(world: World, name: 'delayedWrite' | 'echo' | 'connectionDied'): number {
  const { intervalMs } = world.settings.times;
  return world.faults.dice(name).next() ** 2 * 5 * intervalMs;
}
