import { describe, expect, it } from 'vitest';
import { createDoorbell } from '../../lib/tick/doorbell.ts';
import { emptyResult } from '../../lib/tick/result.ts';
import type { Ring, Rung } from '../../lib/tick/ring.ts';

const SLOTS = ['a', 'b', 'c'];
const RESERVE_MS = 3_000;
const DEADLINE = 48_000;

/** `tickMs`: how long each takes. `failing`: those whose tick throws. */
function prepare({
  startedAt = 0,
  knowsSlots = true,
  tickMs = 1_000,
  chance = 0,
  failing = [] as string[],
} = {}) {
  let now = startedAt;
  const woken: string[] = [];
  const told: [string, object | undefined][] = [];
  const keep = (event: string, fields?: object) => void told.push([event, fields]);
  const logger = { debug: keep, info: keep, warn: keep, error: keep, with: () => logger };
  const clock = { now: () => now };
  const answer = createDoorbell({
    slots: knowsSlots ? SLOTS : undefined,
    reserveMs: RESERVE_MS,
    clock,
    random: { next: () => chance },
    logger,
  });
  const ring = (by: Rung['by'], ...rings: Ring[]) =>
    answer({ by, rings }, DEADLINE, async (slot) => {
      woken.push(slot);
      now += tickMs;
      if (failing.includes(slot)) throw new Error(`no table for ${slot}`);
      return emptyResult(slot, 'worked');
    });
  return { ring, woken, told };
}
const of = (slot: unknown, messageId?: string, own?: Ring['own']): Ring => ({
  slot,
  ...(messageId !== undefined && { messageId }),
  ...(own && { own }),
});
const failures = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('who rings', () => {
  it('wakes the slot that it names, once for all messages that do', async () => {
    const { ring, woken } = prepare();
    expect(await ring('sqs', of('b', '1'), of('b', '2'), of('c', '3'))).toEqual(failures());
    expect(woken).toEqual(['b', 'c']);
  });

  it('and names none wakes all, one after the other, beginning anywhere', async () => {
    const { ring, woken } = prepare({ chance: 0.5 });
    expect(await ring('sns', of(undefined))).toEqual({
      rung: ['b', 'c', 'a'].map((slot) => emptyResult(slot, 'worked')),
    });
    expect(woken).toEqual(['b', 'c', 'a']);
  });

  it('and names none wakes those that there are, where their number follows the load', async () => {
    const woken: string[] = [];
    const tools = { reserveMs: RESERVE_MS, clock: { now: () => 0 }, random: { next: () => 0 } };
    const logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => logger };
    const answer = createDoorbell({ slots: SLOTS, ...tools, logger });
    const wake = async (slot: string) => {
      woken.push(slot);
      return emptyResult(slot, 'worked');
    };
    await answer({ by: 'sns', rings: [of(undefined)] }, DEADLINE, wake, ['a', 'c']);
    expect(woken).toEqual(['a', 'c']);
  });

  it('wakes as many as there is time for, and at least one', async () => {
    const { ring, woken, told } = prepare({ tickMs: DEADLINE - 2 * RESERVE_MS + 1 });
    expect(await ring('sqs', of(undefined, '1'))).toEqual(failures());
    expect(woken).toEqual(['a']);
    expect(told).toEqual([['ring.late', expect.objectContaining({ slots: ['b', 'c'] })]]);
  });

  it('wakes the first, however little is left', async () => {
    const { ring, woken } = prepare({ startedAt: DEADLINE - RESERVE_MS });
    await ring('sqs', of(undefined, '1'));
    expect(woken).toEqual(['a']);
  });

  it('wakes no slot that the group has not, and its message is taken, and told', async () => {
    const { ring, woken, told } = prepare();
    expect(await ring('sqs', of('d', '1'), of(7, '2'), of('a', '3'))).toEqual(failures());
    expect(woken).toEqual(['a']);
    expect(told.map(([event]) => event)).toEqual(['ring.unknown', 'ring.unknown']);
    expect(told[0]).toEqual([
      'ring.unknown',
      expect.objectContaining({ by: 'sqs', remedy: expect.any(String) }),
    ]);
  });

  it('is told, if it is somebody, that there is no such slot', async () => {
    const { ring, woken } = prepare();
    await expect(ring('somebody', of('d'))).rejects.toThrow(
      /^event\.slot: "d" cannot be used: the group has a, b, c/,
    );
    expect(woken).toEqual([]);
  });

  it('has to name a slot where the function does not know which it has', async () => {
    const { ring, woken, told } = prepare({ knowsSlots: false });
    expect(await ring('sqs', of(undefined, '1'), of('any', '2'))).toEqual(failures());
    expect(woken).toEqual(['any']);
    expect(told.map(([event]) => event)).toEqual(['ring.unknown']);
  });
});

describe('a tick that throws', () => {
  it('has its messages come again, and no others; the other slots are woken all the same', async () => {
    const { ring, woken, told } = prepare({ failing: ['a'] });
    expect(await ring('sqs', of('a', '1'), of('b', '2'), of(undefined, '3'))).toEqual(failures('1', '3'));
    expect(woken).toEqual(['a', 'b', 'c']);
    expect(told).toEqual([['ring.failed', expect.objectContaining({ slot: 'a', by: 'sqs' })]]);
  });

  it('fails the run, where nothing else would tell', async () => {
    const { ring, woken } = prepare({ failing: ['b'] });
    await expect(ring('events', of(undefined))).rejects.toThrow('no table for b');
    expect(woken).toEqual(['a', 'b', 'c']);
  });
});

describe('what we have sent ourselves', () => {
  it('wakes nobody, and is told once', async () => {
    const { ring, woken, told } = prepare();
    expect(await ring('events', of(undefined, undefined, 'event'))).toEqual({ rung: [] });
    expect(await ring('sqs', of(undefined, '1', 'event'))).toEqual(failures());
    expect(woken).toEqual([]);
    expect(told).toEqual([['ring.own', expect.objectContaining({ own: 'event' })]]);
  });

  it('stays in the queue, if it is a dead letter: taken, it would be lost', async () => {
    const { ring, woken } = prepare();
    expect(await ring('sqs', of(undefined, '1', 'dead letter'), of('a', '2'))).toEqual(failures('1'));
    expect(woken).toEqual(['a']);
  });
});
