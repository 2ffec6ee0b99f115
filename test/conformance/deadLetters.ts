import { beforeEach, describe, expect, it } from 'vitest';
import type {
  Claim,
  DeadLetterStore,
  KeptLetter,
  LetterFilter,
} from '../../lib/delivery/deadLetters/deadLetters.ts';
import type { ManualClock } from '../support/clock.ts';
import { collected, letterOf } from '../support/letters.ts';

export interface LettersStage {
  clock: ManualClock;
  /** All stores of one stage share a place. */
  open(group: string, lettersMax: number): DeadLetterStore;
}

/** What a place may be unable to do. */
export interface LettersTraits {
  /** It can tell whether a letter is there, and who has it. A queue cannot. */
  looksUp: boolean;
}

const LEASE_MS = 60_000;
const options = { signal: new AbortController().signal };

/** What every driver of DeadLetterStore must do. */
export function describeDeadLetters(
  name: string,
  setup: () => Promise<LettersStage>,
  { looksUp }: LettersTraits = { looksUp: true },
): void {
  describe(`dead letters in ${name}`, () => {
    let stage: LettersStage;
    let store: DeadLetterStore;
    beforeEach(async () => {
      stage = await setup();
      store = stage.open('orders', 100);
    });

    const listed = async (filter: LetterFilter = {}, of = store): Promise<KeptLetter[]> => {
      const letters = await collected(of.list(filter, options));
      return letters.sort((one, other) => (one.id < other.id ? -1 : 1));
    };
    const ids = async (filter: LetterFilter = {}): Promise<string[]> =>
      (await listed(filter)).map(({ id }) => id);
    const claims = (filter: LetterFilter = {}, of = store) =>
      of.claims(filter, { ...options, leaseMs: LEASE_MS });
    /** The next one of an iteration that is left open, as a run that dies leaves it. */
    const claimOne = async (iteration = claims()[Symbol.asyncIterator]()): Promise<Claim> => {
      const { value } = await iteration.next();
      if (value === undefined || value === 'taken') return expect.unreachable(`it is ${value}`);
      return value;
    };
    const put = async (...indexes: number[]) => {
      expect(
        await store.put(
          indexes.map((index) => letterOf(index)),
          options,
        ),
      ).toBe('kept');
    };
    const redriveAll = async (
      work: (claim: Claim) => Promise<unknown>,
      filter: LetterFilter = {},
    ): Promise<string[]> => {
      const seen: string[] = [];
      for await (const claim of claims(filter)) {
        seen.push(claim === 'taken' ? claim : claim.letter.id);
        if (claim !== 'taken') await work(claim);
      }
      return seen;
    };
    const remove = (claim: Claim) => claim.remove(options);

    it('are none at first', async () => {
      expect(await listed()).toEqual([]);
      expect(await redriveAll(remove)).toEqual([]);
      expect(await store.count(options)).toBe(0);
    });

    it('are kept with all that is known of them, byte for byte', async () => {
      const letter = letterOf(3, { recordId: undefined, functionVersion: undefined, id: '0/7-8/3' });
      expect(await store.put([letter], options)).toBe('kept');
      const { topic, source, tags, pairs, ...head } = letter;
      const [found, ...others] = await listed();
      expect(others).toEqual([]);
      expect(found).toMatchObject({ ...head, record: { topic, source, tags } });
      expect(found!.record!.pairs.map((pair) => pair.map((part) => Buffer.from(part)))).toEqual(pairs);
      expect(found).toMatchObject({ redriveMessage: undefined, claimedUntil: undefined });
      if (looksUp) expect(found!.redrives).toBe(0);
    });

    it('do not change when the memory is used again in which they were', async () => {
      const value = Buffer.from('as it was');
      await store.put([letterOf(0, { pairs: [[Buffer.from('content'), value]] })], options);
      value.fill('x');
      const [found] = await listed();
      expect(Buffer.from(found!.record!.pairs[0]![1]).toString()).toBe('as it was');
    });

    it('are one each, however often they are put', async () => {
      await put(0, 1);
      stage.clock.advance(1_000);
      await put(1, 2);
      expect(await store.put([letterOf(1, { message: 'another' })], options)).toBe('kept');
      expect(await ids()).toEqual(['0/7/0', '0/7/1', '0/7/2']);
      expect((await listed({ id: '0/7/1' })).map(({ message }) => message)).toEqual(['Error: no such order']);
      expect(await store.count(options)).toBe(3);
    });

    it('are one each, also if many put them at the same time', async () => {
      const answers = Array.from({ length: 6 }, () => store.put([letterOf(0), letterOf(1)], options));
      expect(new Set(await Promise.all(answers))).toEqual(new Set(['kept']));
      expect(await ids()).toEqual(['0/7/0', '0/7/1']);
      expect(await store.count(options)).toBe(2);
    });

    it('may have any id, and any shard', async () => {
      const strange = [
        '0/7-8/3',
        'a b/ü/0',
        '../x',
        `${'long'.repeat(300)}/1`,
        `${'long'.repeat(300)}/2`,
        '#',
        '!',
      ];
      const letters = strange.map((id, index) => letterOf(index, { id, shard: `topic:${index}/` }));
      expect(await store.put(letters, options)).toBe('kept');
      expect(await store.put(letters, options)).toBe('kept');
      expect(await ids()).toEqual([...strange].sort());
      expect(await ids({ shard: 'topic:1/' })).toEqual(['a b/ü/0']);
      expect((await redriveAll(remove)).sort()).toEqual([...strange].sort());
      expect(await ids()).toEqual([]);
    });

    it('are no more than may be', async () => {
      store = stage.open('orders', 3);
      await put(0, 1, 2);
      expect(await store.put([letterOf(3)], options)).toBe('full');
      expect(await ids()).toEqual(['0/7/0', '0/7/1', '0/7/2']);
      await redriveAll(remove, { id: '0/7/1' });
      expect(await store.put([letterOf(3)], options)).toBe('kept');
      expect(await ids()).toEqual(['0/7/0', '0/7/2', '0/7/3']);
    });

    it.runIf(looksUp)('are never too many if they are there already', async () => {
      store = stage.open('orders', 3);
      await put(0, 1, 2);
      expect(await store.put([letterOf(2), letterOf(0)], options)).toBe('kept');
      expect(await store.put([letterOf(2), letterOf(3)], options)).toBe('full');
      expect(await store.count(options)).toBe(3);
    });

    it.runIf(looksUp)('take no room by being put again', async () => {
      store = stage.open('orders', 3);
      await put(0);
      await put(0);
      await put(0, 0, 0);
      await put(1, 2);
      expect(await store.count(options)).toBe(3);
    });

    it('of other groups are not touched', async () => {
      const other = stage.open('orders.2', 100);
      await put(0);
      await other.put([letterOf(1, { group: 'orders.2' })], options);
      expect(await ids()).toEqual(['0/7/0']);
      expect(await redriveAll(remove)).toEqual(['0/7/0']);
      expect((await listed({}, other)).map(({ id }) => id)).toEqual(['0/7/1']);
    });

    it('are found by shard, age and error', async () => {
      const now = stage.clock.now();
      const aged = (index: number, shard: string, ageMs: number, message: string) =>
        letterOf(index, { shard, givenUpAt: now - ageMs, message });
      const letters = [
        aged(0, '0', 1_000, 'Error: no such order'),
        aged(1, '1', 2_000, 'Error: no such order'),
        aged(2, '1', 3_000, 'TypeError: cannot read'),
      ];
      await store.put(letters, options);
      expect(await ids({ shard: '1' })).toEqual(['1/7/1', '1/7/2']);
      expect(await ids({ olderThanMs: 1_000 })).toEqual(['1/7/1', '1/7/2']);
      expect(await ids({ youngerThanMs: 2_000 })).toEqual(['0/7/0', '1/7/1']);
      expect(await ids({ error: 'typeerror' })).toEqual(['1/7/2']);
      expect(await ids({ id: '1/7/1' })).toEqual(['1/7/1']);
      expect(await ids({ shard: '1', error: 'no SUCH order', olderThanMs: 1_500 })).toEqual(['1/7/1']);
      expect(await ids({ shard: '10' })).toEqual([]);
      expect((await redriveAll(remove, { shard: '1' })).sort()).toEqual(['1/7/1', '1/7/2']);
      expect(await ids()).toEqual(['0/7/0']);
    });

    it('are changed by no list', async () => {
      await put(0, 1);
      await listed();
      expect(await redriveAll(remove)).toHaveLength(2);
    });

    it('are claimed once each, and removed', async () => {
      await put(0, 1, 2);
      expect((await redriveAll(remove)).sort()).toEqual(['0/7/0', '0/7/1', '0/7/2']);
      expect(await redriveAll(remove)).toEqual([]);
      expect(await store.count(options)).toBe(0);
    });

    it('stay if they fail, are not given again at once, and count it', async () => {
      await put(0, 1);
      const fail = (claim: Claim) => claim.fail('Error: still not', options);
      expect((await redriveAll(fail)).sort()).toEqual(['0/7/0', '0/7/1']);
      expect(await ids()).toEqual(['0/7/0', '0/7/1']);
      const again: number[] = [];
      await redriveAll((claim) => {
        again.push(claim.letter.redrives);
        return claim.fail('Error: still not', options);
      });
      expect(again).toHaveLength(2);
      expect(Math.min(...again)).toBeGreaterThanOrEqual(2);
      if (!looksUp) return;
      const [first] = await listed({ error: 'still not' });
      expect(first).toMatchObject({
        redrives: 2,
        redriveMessage: 'Error: still not',
        claimedUntil: undefined,
      });
      expect(first!.redrivenAt).toBe(stage.clock.now());
    });

    it('that are let go count nothing', async () => {
      await put(0);
      expect(await redriveAll((claim) => claim.release(options))).toEqual(['0/7/0']);
      if (looksUp) expect((await listed())[0]).toMatchObject({ redrives: 0, claimedUntil: undefined });
      expect(await redriveAll(remove)).toEqual(['0/7/0']);
    });

    it('are in one hand at a time', async () => {
      await put(0);
      const claim = await claimOne();
      expect(claim.until).toBe(stage.clock.now() + LEASE_MS);
      expect(await redriveAll(remove)).toEqual(looksUp ? ['taken'] : []);
      stage.clock.advance(LEASE_MS - 1);
      expect(await redriveAll(remove)).toEqual(looksUp ? ['taken'] : []);
      expect(await claim.remove(options)).toBe(true);
      expect(await ids()).toEqual([]);
    });

    it('are shared by two who redrive at the same time', async () => {
      const all = [0, 1, 2, 3, 4, 5, 6, 7];
      await put(...all);
      const both = await Promise.all([redriveAll(remove), redriveAll(remove)]);
      const worked = both.flat().filter((id) => id !== 'taken');
      expect(worked.sort()).toEqual(all.map((index) => `0/7/${index}`));
    });

    it('are free again after a redrive that was interrupted', async () => {
      await put(0);
      await claimOne();
      stage.clock.advance(LEASE_MS);
      const claim = await claimOne();
      expect(claim.letter.redrives).toBeGreaterThanOrEqual(2);
      expect(await claim.remove(options)).toBe(true);
      expect(await ids()).toEqual([]);
    });

    it('are not removed by who had them before', async () => {
      await put(0);
      const first = await claimOne();
      stage.clock.advance(LEASE_MS);
      const second = await claimOne();
      expect(await first.remove(options)).toBe(false);
      expect(await first.fail('late', options)).toBe(false);
      expect(await first.release(options)).toBe(false);
      expect(await redriveAll(remove)).toEqual(looksUp ? ['taken'] : []);
      expect(await second.remove(options)).toBe(true);
    });

    it('may be removed late, if nobody has taken them', async () => {
      await put(0);
      const claim = await claimOne();
      stage.clock.advance(LEASE_MS + 1);
      // A queue may say that the time is over; then the letter stays.
      const removed = await claim.remove(options);
      if (looksUp) expect(removed).toBe(true);
      expect(await ids()).toEqual(removed ? [] : ['0/7/0']);
    });

    it.runIf(looksUp)('come last if a redrive was interrupted with them', async () => {
      await put(0, 1, 2);
      const iteration = claims()[Symbol.asyncIterator]();
      const { letter } = await claimOne(iteration);
      stage.clock.advance(LEASE_MS);
      const order = await redriveAll(remove);
      expect(order).toHaveLength(3);
      expect(order.at(-1)).toBe(letter.id);
    });

    it.runIf(looksUp)('come last then only if they are free, and no other comes again', async () => {
      await put(0, 1, 2);
      const [first, second] = [claims()[Symbol.asyncIterator](), claims({ id: '0/7/1' })];
      await claimOne(first);
      stage.clock.advance(LEASE_MS);
      await claimOne(second[Symbol.asyncIterator]());
      // It fails at what is not interrupted, and does not try that again.
      const fail = (claim: Claim) => claim.fail('no', options);
      expect(await redriveAll(fail)).toEqual(['taken', '0/7/2', '0/7/0']);
      expect((await listed()).map(({ redrives }) => redrives)).toEqual([2, 1, 1]);
    });

    it.runIf(looksUp)('are counted once, however often they are removed', async () => {
      await put(0, 1);
      const claim = await claimOne();
      expect(await claim.remove(options)).toBe(true);
      expect(await claim.remove(options)).toBe(true);
      expect(await store.count(options)).toBe(1);
    });

    it('are left as they are by who stops early', async () => {
      await put(0, 1, 2);
      for await (const claim of claims()) {
        if (claim !== 'taken') await claim.fail('no', options);
        break;
      }
      expect((await redriveAll(remove)).sort()).toEqual(['0/7/0', '0/7/1', '0/7/2']);
    });

    it('are neither put nor claimed once the signal is aborted', async () => {
      await put(0);
      const over = { signal: AbortSignal.abort(new Error('over')) };
      await expect(store.put([letterOf(1)], over)).rejects.toThrow();
      await expect(store.count(over)).rejects.toThrow();
      await expect(collected(store.list({}, over))).rejects.toThrow();
      await expect(collected(store.claims({}, { ...over, leaseMs: 1 }))).rejects.toThrow();
      expect(await ids()).toEqual(['0/7/0']);
    });
  });
}
