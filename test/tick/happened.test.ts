/** What a tick tells that has happened. */
import { describe, expect, it } from 'vitest';
import { createAnnouncer } from '../../lib/delivery/announcer.ts';
import type { GroupEvent } from '../../lib/delivery/groupEvent.ts';
import { SourceError } from '../../lib/errors.ts';
import { operateOn } from '../../lib/group/open.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { createManualClock } from '../support/clock.ts';
import { createMemorySource } from '../support/memorySource.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';

function telling(shards: readonly string[], given: Partial<TickSettings> = {}) {
  const clock = createManualClock();
  const world = createGroup({ clock, source: createMemorySource(shards, 1_000) }, given);
  const seen: GroupEvent[] = [];
  const logger = createLogger({ level: 'error', now: clock.now, write: () => {} });
  const onEvent = (event: GroupEvent): void => void seen.push(event);
  /** One for each sandbox. */
  const announcers = new Map<string, ReturnType<typeof createAnnouncer>>();
  const round = async (...slots: string[]): Promise<void> => {
    for (const slot of slots) {
      const announcer =
        announcers.get(slot) ?? createAnnouncer({ group: 'orders', now: clock.now, logger, onEvent });
      announcers.set(slot, announcer);
      await world.tick(slot, slot, { announcer });
      await announcer.announce({ signal: new AbortController().signal, remainingMs: () => 1, logger });
    }
    clock.advance(INTERVAL_MS);
  };
  const rounds = async (count: number, ...slots: string[]): Promise<GroupEvent[]> => {
    seen.length = 0;
    for (let index = 0; index < count; index++) await round(...slots);
    return [...seen];
  };
  const operations = operateOn({ store: world.store, source: world.source, clock });
  return { world, clock, rounds, operations };
}
const common = { group: 'orders', at: expect.any(Number) };

describe('a tick tells', () => {
  it('of shards that its slot takes, from nobody and from another one, and of those that it has no longer', async () => {
    const { rounds, operations } = telling(['0', '1']);
    const taken = { ...common, type: 'assigned', slot: 'a', from: undefined, cursor: '0' };
    const first = await rounds(4, 'a');
    expect(first).toHaveLength(2);
    expect(first).toEqual(
      expect.arrayContaining([
        { ...taken, shard: '0' },
        { ...taken, shard: '1' },
      ]),
    );
    const moved = await rounds(6, 'a', 'b');
    expect(moved).toEqual([
      { ...common, type: 'revoked', slot: 'a', shard: '1', why: 'lost' },
      { ...common, type: 'assigned', slot: 'b', shard: '1', from: 'a', cursor: '0' },
    ]);
    await operations.drain('a');
    expect(await rounds(6, 'a', 'b')).toEqual([
      { ...common, type: 'revoked', slot: 'a', shard: '0', why: 'drained' },
      { ...common, type: 'assigned', slot: 'b', shard: '0', from: 'a', cursor: '0' },
    ]);
  });

  it('of a shard that has ended, once, and not that it is revoked', async () => {
    const { world, rounds } = telling(['0']);
    await rounds(4, 'a');
    world.source.append('0', 'x');
    world.source.replace(['0'], ['1']);
    expect(await rounds(8, 'a')).toEqual([
      { ...common, type: 'shardDone', slot: 'a', shard: '0', cursor: '1' },
      { ...common, type: 'assigned', slot: 'a', shard: '1', from: undefined, cursor: '0' },
    ]);
  });

  it('of records that became dead letters', async () => {
    const { world, rounds } = telling(['0', '1']);
    await rounds(4, 'a');
    world.source.append('0', 'bad', 'good');
    world.eachBatch = async ({ records }) => {
      world.clock.advance(10);
      if ([...records].some((record) => record.get('content') === 'bad')) throw new TypeError('no amount');
    };
    expect(await rounds(40, 'a')).toEqual([
      {
        ...{ ...common, type: 'deadLettered', slot: 'a', shard: '0', reason: 'failed', count: 1 },
        letters: [{ id: '0/0/0', attempts: expect.any(Number), message: 'TypeError: no amount' }],
      },
    ]);
  });

  it('of a gap, with its size where that is known', async () => {
    const { world, rounds } = telling(['0']);
    world.source.append('0', 'x', 'y', 'z');
    await rounds(4, 'a');
    const { pull } = world.source;
    const expired = new SourceError('past', { code: 'CursorExpired', status: 400, retriable: false });
    world.source.pull = async (request) => {
      if (request.cursor === '3') throw expired;
      return pull(request);
    };
    expect(await rounds(1, 'a')).toEqual([
      { ...common, type: 'gap', slot: 'a', shard: '0', from: '3', to: '0', positions: undefined },
    ]);
  });

  it('that the group is complete, once', async () => {
    const endAt = createManualClock().now() + 2 * INTERVAL_MS;
    const ending = telling(['0'], { endAt });
    const events = await ending.rounds(12, 'a');
    expect(events.filter(({ type }) => type === 'complete')).toEqual([
      { ...common, type: 'complete', slot: 'a', endAt },
    ]);
  });
});
