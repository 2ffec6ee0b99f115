import { describe, expect, it } from 'vitest';
import { shorter, startBudget } from '../../lib/tick/budget.ts';
import { createManualClock } from '../support/clock.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the budget of a tick', () => {
  it('ends the work before the requests to the table, and both before the deadline', async () => {
    const clock = createManualClock(0);
    const budget = startBudget(clock, { deadline: 10_000, reserveMs: 1_000 });
    const ended = async (atMs: number) => {
      clock.advance(atMs - clock.now());
      await turn();
      return { work: budget.work.aborted, requests: budget.requests.aborted };
    };
    expect(await ended(8_999)).toEqual({ work: false, requests: false });
    expect(await ended(9_000)).toEqual({ work: true, requests: false });
    // A batch that was finished in time can still be committed, and the function can still answer.
    expect(await ended(9_749)).toEqual({ work: true, requests: false });
    expect(await ended(9_750)).toEqual({ work: true, requests: true });
  });

  it.each(['later', 'at once'])('is over, for the table too, when the run is given up %s', async (when) => {
    const given = new AbortController();
    if (when === 'at once') given.abort();
    const limits = { deadline: 10_000, reserveMs: 1_000, signal: given.signal };
    const budget = startBudget(createManualClock(0), limits);
    await turn();
    expect(budget.work.aborted).toBe(when === 'at once');
    given.abort();
    await turn();
    expect([budget.work.aborted, budget.requests.aborted]).toEqual([true, true]);
    expect(budget.work.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('aborts what is left when the tick ends', async () => {
    const budget = startBudget(createManualClock(0), { deadline: 10_000, reserveMs: 1_000 });
    budget.end();
    await turn();
    expect([budget.work.aborted, budget.requests.aborted]).toEqual([true, true]);
  });
});

it('a shorter budget ends earlier, or with the whole one', async () => {
  const clock = createManualClock(0);
  const budget = startBudget(clock, { deadline: 60_000, reserveMs: 3_000 });
  expect(shorter(clock, budget, 57_000)).toBe(budget);
  const some = shorter(clock, budget, 19_000);
  const more = shorter(clock, budget, 30_000);
  expect([some.workUntil, some.remainingMs()]).toEqual([19_000, 19_000]);
  clock.advance(19_000);
  await new Promise(setImmediate);
  expect([some.work.aborted, some.remainingMs(), more.work.aborted, budget.work.aborted]).toEqual([
    true,
    0,
    false,
    false,
  ]);
  budget.end();
  await new Promise(setImmediate);
  expect(more.work.aborted).toBe(true);
});
