/** What is given next, and what is given up: the rules by themselves, with a user's function that is a set of bad places. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  died,
  failed,
  failedAgain,
  failedAlone,
  nextPart,
  type Rules,
  succeeded,
  timedOut,
} from '../../lib/delivery/attempt.ts';
import { buried, condemned } from '../../lib/delivery/condemned.ts';
import { nextOf, readBeyond, withoutHead } from '../../lib/delivery/reach.ts';
import { newPending } from '../../lib/delivery/rest.ts';
import { longestWaitMs } from '../../lib/delivery/waits.ts';
import type { Pending } from '../../lib/group/pending.ts';

const rules: Rules = { attemptsMax: 5, intervalMs: 60_000, random: () => 0.5 };
const failure = (at: number) => ({ at, message: 'no' });
const exit = { message: 'exit', isProven: false };
const NO_LIMIT = Number.POSITIVE_INFINITY;

describe('a part that fails without a name', () => {
  it('comes again as it was, after a wait', () => {
    const pending = failed(newPending({ to: 'c9', count: 20 }), { first: 0, last: 8 }, failure(1_000), rules);
    expect(pending).toEqual({
      to: 'c9',
      count: 20,
      done: 0,
      size: 8,
      attempts: 1,
      firstAt: 1_000,
      lastAt: 1_000,
      message: 'no',
      notBefore: 1_000 + 22_500,
    });
    // More may be there, and less may be wanted by now.
    expect(nextPart(pending, 20, 3)).toEqual({ first: 0, last: 8 });
  });

  it('is halved at once from the second time on, and that is one attempt', () => {
    const once = failed(newPending({ to: 'c9', count: 20 }), { first: 0, last: 8 }, failure(1), rules);
    const twice = failed(once, { first: 0, last: 8 }, failure(2), rules);
    expect(twice).toMatchObject({ attempts: 2, until: 8, size: 4, firstAt: 1, lastAt: 2 });
    expect(twice).not.toHaveProperty('notBefore');
    const thrice = failed(twice, { first: 0, last: 4 }, failure(3), rules);
    expect(thrice).toMatchObject({ attempts: 2, until: 4, size: 2 });
    expect(thrice).not.toHaveProperty('notBefore');
  });

  it('stands alone in the end, and then each failure counts', () => {
    let pending: Pending = {
      to: 'c9',
      count: 20,
      done: 3,
      attempts: 2,
      until: 5,
      size: 1,
      firstAt: 1,
      lastAt: 2,
    };
    for (const attempts of [3, 4]) {
      pending = failed(pending, { first: 3, last: 4 }, failure(attempts), rules);
      expect(pending).toMatchObject({ attempts, size: 1, done: 3, firstAt: 1 });
      expect(pending.notBefore).toBeGreaterThan(attempts);
    }
    pending = failed(pending, { first: 3, last: 4 }, failure(5), rules);
    expect(pending).toMatchObject({ attempts: 0, block: 1, size: 1, done: 3 });
  });
});

it('finds every bad record, commits all before it, and gives no good one again', () => {
  const places = fc.uniqueArray(fc.nat(60), { maxLength: 5 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), places, (count, bad) => {
      const isBad = new Set(bad.filter((place) => place < count));
      const taken: number[] = [];
      const buried: number[] = [];
      let pending = newPending({ to: 'to', count });
      for (let step = 0; pending.done < count; step++) {
        expect(step).toBeLessThan(400);
        const part = nextPart(pending, count, NO_LIMIT);
        const places = Array.from({ length: part.last - part.first }, (_, index) => part.first + index);
        if (!places.some((place) => isBad.has(place))) {
          taken.push(...places);
          pending = succeeded(pending, part.last, step);
          continue;
        }
        pending = failed(pending, part, failure(step), rules);
        if (pending.block === undefined) continue;
        buried.push(pending.done);
        pending = { to: 'to', count, done: pending.done + 1, attempts: 0 };
      }
      expect(buried).toEqual([...isBad].sort((a, b) => a - b));
      expect(taken).toEqual(
        Array.from({ length: count }, (_, place) => place).filter((place) => !isBad.has(place)),
      );
    }),
  );
});

describe('a record that failed by its name', () => {
  it('is what comes next, alone: those before it are finished', () => {
    const pending = failedAlone(newPending({ to: 'c9', count: 20 }), 5, failure(1), rules);
    expect(pending).toMatchObject({ done: 5, size: 1, attempts: 1 });
    expect(nextPart(pending, 20, NO_LIMIT)).toEqual({ first: 5, last: 6 });
  });

  it('is counted from its own first failure on', () => {
    const whole = failed(newPending({ to: 'c9', count: 20 }), { first: 0, last: 8 }, failure(1), rules);
    const named = failedAlone(whole, 5, failure(9), rules);
    expect(named).toMatchObject({ attempts: 1, firstAt: 9 });
    expect(failedAlone(named, 5, failure(12), rules)).toMatchObject({ attempts: 2, firstAt: 9, lastAt: 12 });
  });

  it('once it succeeds, all the rest comes at once', () => {
    const pending = succeeded(failedAlone(newPending({ to: 'c9', count: 20 }), 5, failure(1), rules), 6, 2);
    expect(pending).toEqual({ to: 'c9', count: 20, done: 6, attempts: 0 });
  });
});

describe('the wait', () => {
  it('grows, is never the same for all, and has an end', () => {
    const wait = (attempts: number, random: number): number => {
      const pending: Pending = { to: 'c9', count: 20, done: 0, size: 1, attempts: attempts - 1 };
      const patient = { ...rules, attemptsMax: 100, random: () => random };
      return failedAlone(pending, 0, failure(0), patient).notBefore!;
    };
    expect([1, 2, 3, 4, 5, 6, 50].map((attempts) => wait(attempts, 1))).toEqual([
      30_000, 60_000, 120_000, 240_000, 480_000, 480_000, 480_000,
    ]);
    expect(wait(3, 0)).toBe(60_000);
  });

  it.each([
    [1_000, 8_000],
    [60_000, 480_000],
    [300_000, 900_000],
    [1_800_000, 1_800_000],
  ])('of an interval of %i ms is at most %i ms', (intervalMs, longest) => {
    expect(longestWaitMs(intervalMs)).toBe(longest);
  });
});

describe('a part that was not finished in time', () => {
  const late = (pending: Pending, part: { first: number; last: number }, place: number, hadTime = true) =>
    timedOut(pending, part, { ...failure(7), place, hadTime }, rules);

  it('comes again with half the records, and no attempt is counted', () => {
    const pending = late(newPending({ to: 'c9', count: 20 }), { first: 0, last: 9 }, 0);
    expect(pending).toEqual({ to: 'c9', count: 20, done: 0, size: 5, attempts: 0, message: 'no' });
  });

  it('goes on where it got to, if it got anywhere', () => {
    expect(late(newPending({ to: 'c9', count: 20 }), { first: 0, last: 9 }, 4)).toEqual({
      to: 'c9',
      count: 20,
      done: 4,
      attempts: 0,
    });
  });

  it('has failed if it is one record, and had time enough', () => {
    expect(late(newPending({ to: 'c9', count: 20 }), { first: 0, last: 1 }, 0)).toMatchObject({
      attempts: 1,
      size: 1,
    });
    expect(late(newPending({ to: 'c9', count: 20 }), { first: 0, last: 1 }, 0, false)).toMatchObject({
      attempts: 0,
      size: 1,
    });
  });
});

describe('a run that died', () => {
  const inWork = { run: 'r', at: 50 };

  it('counts as an attempt; what it was given comes again as it was, and then in small parts', () => {
    const first = died({ to: 'c9', count: 20, done: 0, size: 80, attempts: 0, inWork }, exit, rules);
    expect(first).toMatchObject({ attempts: 1, size: 80, deadly: true, lastAt: 50, message: 'exit' });
    expect(first).not.toHaveProperty('inWork');
    const second = died({ ...first, inWork }, exit, rules);
    expect(second).toMatchObject({ attempts: 2, size: 10, until: 80, deadly: true });
    expect(succeeded(second, 10, 60)).toMatchObject({ done: 10, until: 80, size: 9, deadly: true });
  });

  it('of a record that stands alone is its failure', () => {
    const alone: Pending = {
      to: 'c9',
      count: 20,
      done: 4,
      size: 1,
      attempts: 4,
      deadly: true,
      firstAt: 1,
      lastAt: 2,
      inWork,
    };
    const last = died(alone, exit, rules);
    expect(last).toMatchObject({ block: 1, attempts: 0, done: 4, deadly: true });
    // The one behind it is tried at once.
    expect(last).not.toHaveProperty('notBefore');
  });
});

describe('a block', () => {
  const block: Pending = {
    to: 'c9',
    count: 6,
    done: 4,
    size: 1,
    attempts: 1,
    block: 2,
    behind: [{ to: 'c12', count: 3 }],
    firstAt: 1,
    lastAt: 2,
    successAt: 3,
  };

  it('of which one kills its run when it is tried again says nothing of the one behind it', () => {
    const inWork = { run: 'r', at: 50, place: 4 };
    const pending = died({ ...block, notBefore: 40, inWork }, exit, rules);
    expect(pending).toEqual({ ...block, deadly: true, tried: 2, lastAt: 50, message: 'exit' });
  });

  it('of which one kills its run when it is tried again, while others succeed, goes on at the one after it', () => {
    const inWork = { run: 'r', at: 50, place: 4 };
    const proven = { ...exit, isProven: true };
    const first = died({ ...block, inWork, proven: true }, proven, rules);
    expect(first).toEqual({
      ...block,
      tried: 1,
      deadly: true,
      proven: true,
      lastAt: 50,
      message: 'exit',
    });
    // That stays said of the others, though nothing else has succeeded since the first of them was tried again.
    const next = { ...first, inWork: { ...inWork, place: 5 } };
    expect(died(next, proven, rules)).toMatchObject({ block: 2, tried: 2 });
    expect(died(next, exit, rules)).not.toHaveProperty('proven');
    expect(failedAgain(first, { at: 60 }, rules)).not.toHaveProperty('proven');
  });

  it('is tried again after each wait, also where a run may die of it', () => {
    const deadly = { ...block, deadly: true, tried: 2 };
    expect(failedAgain(deadly, { at: 60 }, rules)).not.toHaveProperty('tried');
    expect(failedAlone(deadly, 6, failure(70), rules)).not.toHaveProperty('tried');
  });

  it('of which the last one failed later than the first needs a success since then', () => {
    expect(failedAlone({ ...block, attempts: 0 }, 6, failure(70), rules)).toMatchObject({
      firstAt: 1,
      successAt: 3,
      joinedAt: 70,
    });
    // It was in the part that failed first.
    const suspected = { ...block, attempts: 0, until: 7 };
    expect(failedAlone(suspected, 6, failure(70), rules)).not.toHaveProperty('joinedAt');
  });

  it('of a record that has taken all of a tick is decided about in the next one', () => {
    const { behind: _behind, block: _block, ...alone } = { ...block, attempts: 4 };
    const late = { ...failure(7), place: 4, hadTime: true };
    const pending = timedOut(alone, { first: 4, last: 5 }, late, rules);
    expect(pending).toMatchObject({ block: 1, tried: 1 });
    expect(pending).not.toHaveProperty('notBefore');
  });

  it('that is buried leaves what was tried behind the range as it was begun', () => {
    const pending = condemned(block, { count: 2, resume: 8, reason: 'failed' });
    const finished = buried(pending, 6);
    expect(finished).toEqual({
      to: 'c9',
      count: 6,
      done: 6,
      attempts: 0,
      behind: block.behind,
      behindDone: 2,
    });
    expect(nextOf(finished)).toEqual({ to: 'c12', count: 3, done: 2, attempts: 0 });
    const behind = [
      { to: 'c12', count: 1 },
      { to: 'c14', count: 2 },
    ];
    const next = nextOf({ ...finished, behind, behindDone: 2 });
    expect(next).toEqual({ to: 'c12', count: 1, done: 1, attempts: 0, behind: [behind[1]], behindDone: 1 });
    expect(nextOf(next!)).toEqual({ to: 'c14', count: 2, done: 1, attempts: 0 });
    expect(nextOf(nextOf(next!)!)).toBeUndefined();
  });
});

describe('what is past the retention by now', () => {
  const pending: Pending = { to: 'c9', count: 9, done: 3, size: 1, attempts: 2, firstAt: 1, lastAt: 2 };

  it('is finished, and what had failed there is forgotten', () => {
    expect(withoutHead(pending, 3)).toBe(pending);
    expect(withoutHead(pending, 5)).toEqual({ to: 'c9', count: 9, done: 5, attempts: 0 });
  });

  it('is no part of a block any more', () => {
    const blocked = { ...pending, block: 3, tried: 2 };
    expect(withoutHead(blocked, 4)).toEqual({ ...blocked, done: 4, block: 2, tried: 1 });
    expect(withoutHead(blocked, 6)).toEqual({ to: 'c9', count: 9, done: 6, attempts: 0 });
  });

  it('needs no dead letter; the rest of what is condemned does', () => {
    const given = condemned({ ...pending, block: 3 }, { count: 3, resume: 7, reason: 'failed' });
    expect(withoutHead(given, 5)).toMatchObject({ done: 5, condemned: { count: 1, resume: 7 } });
    expect(buried(withoutHead(given, 6), 9)).toEqual({ to: 'c9', count: 9, done: 7, attempts: 0 });
    expect(withoutHead(given, 8)).toEqual({ to: 'c9', count: 9, done: 8, attempts: 0 });
  });
});

describe('a range that reaches further than noted', () => {
  const behind = [
    { to: 'c12', count: 3 },
    { to: 'c14', count: 2 },
  ];
  const pending: Pending = { to: 'c9', count: 9, done: 3, size: 1, attempts: 2, behind };

  it.each([
    [10, [{ to: 'c12', count: 2 }, behind[1]]],
    [12, [behind[1]]],
    [13, [{ to: 'c14', count: 1 }]],
  ])('takes what comes behind it away, as far as it reaches: %i records', (count, left) => {
    expect(readBeyond(pending, { to: 'c13', count })).toEqual({ ...pending, to: 'c13', count, behind: left });
  });

  it('leaves nothing behind where it reaches over all of it', () => {
    const { behind: _behind, ...rest } = pending;
    expect(readBeyond(pending, { to: 'c15', count: 15 })).toEqual({ ...rest, to: 'c15', count: 15 });
  });

  it('has more of its records finished, if all of them were, and some behind it', () => {
    const finished: Pending = { to: 'c9', count: 9, done: 9, attempts: 0, behind, behindDone: 4 };
    expect(readBeyond(finished, { to: 'c13', count: 12 })).toEqual({
      ...finished,
      to: 'c13',
      count: 12,
      done: 12,
      behind: [behind[1]],
      behindDone: 1,
    });
    expect(readBeyond(finished, { to: 'c14', count: 14 })).toEqual({
      to: 'c14',
      count: 14,
      done: 13,
      attempts: 0,
    });
    const begun = { ...finished, done: 3 };
    expect(readBeyond(begun, { to: 'c13', count: 12 })).toMatchObject({ done: 3, behindDone: 4 });
  });

  it('takes nothing away where less of it is left than noted', () => {
    expect(readBeyond(pending, { to: 'c13', count: 4 })).toEqual({ ...pending, to: 'c13', count: 4 });
  });
});

describe('what is condemned', () => {
  it('is not waited for', () => {
    const pending: Pending = { to: 'c9', count: 20, done: 4, size: 1, attempts: 0, block: 2, notBefore: 99 };
    expect(condemned(pending, { count: 2, reason: 'failed' })).toMatchObject({
      condemned: { count: 2, resume: 6, reason: 'failed' },
    });
    expect(condemned(pending, { count: 2, reason: 'failed' })).not.toHaveProperty('notBefore');
  });
});
