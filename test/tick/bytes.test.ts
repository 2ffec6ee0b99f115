import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BytesLimits, createBytes, type Holder } from '../../lib/tick/bytes.ts';

const MIB = 1024 * 1024;
const never = new AbortController().signal;
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function bytesOf(mib: number, shards: number, more: Partial<BytesLimits> = {}) {
  const told = { short: 0 };
  const bytes = createBytes({ max: mib * MIB, shards, onShort: () => told.short++, ...more });
  return { bytes, told, holders: Array.from({ length: shards }, () => bytes.holder()) };
}

/** What a promise has come to by now. */
async function now(promise: Promise<boolean>): Promise<boolean | 'waits'> {
  await rest();
  return Promise.race([promise, Promise.resolve('waits' as const)]);
}

const pulls = async (holder: Holder, mib: number): Promise<void> => {
  expect(await now(holder.reserve(never))).toBe(true);
  holder.filled(mib * MIB);
};

describe('room for an answer', () => {
  it.each([
    [1, 64, 32],
    [4, 64, 8],
    [16, 64, 2],
    [16, 8, 1],
    [1, 1, 1],
  ])(
    'of each of %i shards, of which nothing is known, is an even share of %i MiB: %i',
    async (shards, mib, share) => {
      const { holders } = bytesOf(mib, shards);
      expect(await holders[0]!.reserve(never)).toBe(true);
      expect(holders[0]!.bytesMax()).toBe(share * MIB);
    },
  );

  it('is twice what the last one took, up to half of what is free', async () => {
    const {
      holders: [holder],
    } = bytesOf(64, 4);
    const rooms: number[] = [];
    for (let answer = 0; answer < 4; answer++) {
      await holder!.reserve(never);
      const room = holder!.bytesMax();
      rooms.push(room / MIB);
      holder!.filled(room);
      holder!.empty();
    }
    expect(rooms).toEqual([8, 16, 32, 32]);
  });

  it('is kept until it is used, however often it is asked for', async () => {
    const {
      bytes,
      holders: [holder],
    } = bytesOf(2, 1);
    for (let time = 0; time < 3; time++) expect(await now(holder!.reserve(never))).toBe(true);
    expect(bytes.isFree()).toBe(false);
    holder!.empty();
    expect(bytes.isFree()).toBe(true);
  });

  it('is waited for, in order of who came first, and told', async () => {
    const { holders, told } = bytesOf(4, 4);
    const [first, second, third] = holders as [Holder, Holder, Holder];
    await pulls(first, 4);
    const waits = [second.reserve(never), third.reserve(never)];
    expect(await Promise.all(waits.map(now))).toEqual(['waits', 'waits']);
    first.empty();
    expect(await Promise.all(waits.map(now))).toEqual([true, true]);
    expect(told.short).toBe(2);
  });

  it('is too little only where it was less than was wanted, and the answer took more than half of it', async () => {
    const shorts: number[] = [];
    for (const mib of [1, 2, 4, 6]) {
      const { holders, told } = bytesOf(16, 2);
      const [first, second] = holders as [Holder, Holder];
      // Of what it has brought it wants twice, and has half of what is free.
      await pulls(first, 4);
      first.empty();
      await pulls(second, 8);
      await pulls(first, mib);
      shorts.push(told.short);
    }
    expect(shorts).toEqual([0, 0, 1, 1]);
  });

  it('that was given back by a small answer is there for the next', async () => {
    const { holders } = bytesOf(2, 2);
    await holders[0]!.reserve(never);
    await holders[1]!.reserve(never);
    const late = bytesOf(2, 2);
    await late.holders[0]!.reserve(never);
    holders[0]!.filled(10);
    expect(holders[0]!.ahead()?.bytes).toBeUndefined();
    holders[1]!.filled(10);
    expect(holders[0]!.ahead()?.bytes).toBe(MIB);
  });

  it('goes to who waits for it as soon as small answers have left it', async () => {
    const { holders } = bytesOf(2, 3);
    const [first, second, third] = holders as [Holder, Holder, Holder];
    await first.reserve(never);
    await second.reserve(never);
    const waits = third.reserve(never);
    first.filled(MIB / 2);
    expect(await now(waits)).toBe('waits');
    second.filled(MIB / 2);
    expect(await now(waits)).toBe(true);
  });

  it('is not waited for when the time is over', async () => {
    const { bytes, holders } = bytesOf(1, 2);
    const over = new AbortController();
    await pulls(holders[0]!, 1);
    const waits = holders[1]!.reserve(over.signal);
    expect(await now(waits)).toBe('waits');
    over.abort();
    expect(await now(waits)).toBe(false);
    expect(await holders[1]!.reserve(over.signal)).toBe(false);
    holders[0]!.empty();
    expect(bytes.isFree()).toBe(true);
  });

  it('is not taken from who waits by the end of somebody who was served', async () => {
    const { holders } = bytesOf(1, 3);
    const [first, second, third] = holders as [Holder, Holder, Holder];
    const over = new AbortController();
    await pulls(first, 1);
    const waits = [second.reserve(over.signal), third.reserve(never)];
    first.empty();
    expect(await Promise.all(waits.map(now))).toEqual([true, 'waits']);
    over.abort();
    second.empty();
    expect(await Promise.all(waits.map(now))).toEqual([true, true]);
  });
});

describe('nobody waits for ever', () => {
  it('an answer larger than all there is is taken by who is alone', async () => {
    const {
      holders: [holder],
    } = bytesOf(1, 1);
    await pulls(holder!, 60);
    holder!.empty();
    await pulls(holder!, 60);
  });

  it('of those who have something and need more, the first gets it when all of them wait', async () => {
    const { holders } = bytesOf(4, 3);
    const [first, second, third] = holders as [Holder, Holder, Holder];
    await pulls(first, 2);
    await pulls(second, 2);
    const waits = [third.reserve(never), first.reserve(never)];
    expect(await Promise.all(waits.map(now))).toEqual(['waits', 'waits']);
    const last = second.reserve(never);
    expect(await Promise.all([...waits, last].map(now))).toEqual(['waits', true, 'waits']);
    first.filled(2 * MIB);
    first.empty();
    expect(await Promise.all([...waits, last].map(now))).toEqual([true, true, true]);
  });
});

describe('an answer that is pulled ahead', () => {
  it('has room only where nobody waits for it', async () => {
    const { holders } = bytesOf(4, 4);
    const [first, second] = holders as [Holder, Holder];
    await pulls(first, 3);
    expect(first.ahead()).toBeDefined();
    expect(second.ahead()).toBeUndefined();
  });

  it('is in hand once its turn has come, and is free with all of that', async () => {
    const {
      bytes,
      holders: [holder],
    } = bytesOf(4, 1);
    await pulls(holder!, 1);
    const room = holder!.ahead()!;
    room.filled(MIB);
    holder!.empty();
    expect(bytes.isFree()).toBe(false);
    holder!.took(room);
    holder!.empty();
    expect(bytes.isFree()).toBe(true);
  });

  it('takes nothing any more once it is dropped, whenever its answer comes', () => {
    const {
      bytes,
      holders: [holder],
    } = bytesOf(4, 1);
    const room = holder!.ahead()!;
    room.free();
    room.filled(3 * MIB);
    room.free();
    expect(bytes.isFree()).toBe(true);
  });
});

it('answers of a service that heeds it fit, everybody gets on, and in the end all is free', async () => {
  const job = fc.record({
    mib: fc.integer({ min: 1, max: 6 }),
    isAhead: fc.boolean(),
    joins: fc.integer({ min: 1, max: 3 }),
  });
  const jobs = fc.array(fc.array(job, { maxLength: 5 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(jobs, fc.integer({ min: 1, max: 12 }), async (shards, mib) => {
      const { bytes, holders } = bytesOf(mib, shards.length);
      const inHand = holders.map(() => 0);
      let most = 0;
      const work = async (holder: Holder, index: number): Promise<void> => {
        for (const { mib: there, isAhead, joins } of shards[index]!) {
          for (let part = 0; part < joins; part++) {
            expect(await holder.reserve(never)).toBe(true);
            await rest();
            const size = Math.min(there * MIB, holder.bytesMax());
            holder.filled(size);
            inHand[index]! += size;
            most = Math.max(
              most,
              inHand.reduce((sum, each) => sum + each, 0),
            );
          }
          const ahead = isAhead ? holder.ahead() : undefined;
          await rest();
          ahead?.free();
          holder.empty();
          inHand[index] = 0;
        }
      };
      await Promise.all(holders.map(work));
      expect(bytes.isFree()).toBe(true);
      // Who needs several at once may go beyond it, one at a time.
      expect(most).toBeLessThanOrEqual((mib + 3 * 6) * MIB);
      const joins = shards.flat().some(({ joins: parts }) => parts > 1);
      if (!joins) expect(most).toBeLessThanOrEqual(mib * MIB);
    }),
    { numRuns: 60 },
  );
});
