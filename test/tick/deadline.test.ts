import { describe, expect, it } from 'vitest';
import { createLogger, type Fields } from '../../lib/observe/logger.ts';
import { createDeadlines } from '../../lib/tick/deadline.ts';
import { deriveTimes } from '../../lib/times.ts';
import { createManualClock } from '../support/clock.ts';
import { createWorld, INTERVAL_MS } from '../support/world.ts';

const times = deriveTimes(INTERVAL_MS);

function begin() {
  const clock = createManualClock();
  const events: Fields[] = [];
  const write = (line: string) => void events.push(JSON.parse(line));
  const logger = createLogger({ level: 'warn', now: clock.now, write });
  const deadlineAt = createDeadlines(times, { clock, logger });
  return { events, timeFor: (remainingMs: number) => deadlineAt(remainingMs) - clock.now() };
}

describe('the deadline of a run', () => {
  it.each([times.functionTimeoutMs, times.functionTimeoutMs - 20, 20_000])(
    'is when the platform kills it (%i ms left)',
    (remainingMs) => {
      const { events, timeFor } = begin();
      expect(timeFor(remainingMs)).toBe(remainingMs);
      expect(events).toEqual([]);
    },
  );

  it('fits settings that are right, though the platform counts with less precision', () => {
    const { events, timeFor } = begin();
    expect(timeFor(times.functionTimeoutMs + 100)).toBe(times.functionTimeoutMs);
    expect(events).toEqual([]);
  });

  it('comes earlier where the platform gives more time than the settings say, which is told once', () => {
    const { events, timeFor } = begin();
    const functionTimeoutMs = times.functionTimeoutMs;
    expect(timeFor(90_000)).toBe(functionTimeoutMs);
    expect(timeFor(90_000)).toBe(functionTimeoutMs);
    const remedy = expect.stringContaining('SHARDBEAT_FUNCTION_TIMEOUT');
    expect(events).toEqual([
      expect.objectContaining({ event: 'timeout.mismatch', remainingMs: 90_000, functionTimeoutMs, remedy }),
    ]);
  });

  it('may leave no time to read anything: that is told too', () => {
    const { events, timeFor } = begin();
    expect(timeFor(3_000)).toBe(3_000);
    expect(events).toMatchObject([{ event: 'timeout.mismatch', remainingMs: 3_000 }]);
  });

  it('leaves the slot to the next tick, whatever time the platform gives', async () => {
    const world = createWorld(['0']);
    const deadlineAt = createDeadlines(times, {
      clock: world.clock,
      logger: createLogger({ level: 'error', now: world.clock.now, write: () => {} }),
    });
    for (let round = 0; round < 3; round++) {
      const deadline = deadlineAt(90_000);
      expect(await world.tick('a', 'a', {}, deadline)).toMatchObject({ outcome: 'worked' });
      world.clock.advance(INTERVAL_MS);
    }
  });
});
