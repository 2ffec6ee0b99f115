/** Whatever a group goes through, what is learnt of it by looking hangs together. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Change, History, Span } from '../../../cli/console/feed.ts';
import { withChanges } from '../../../cli/console/history.ts';
import { NOTHING_OBSERVED, observe } from '../../../cli/console/observer.ts';
import {
  drain,
  pause,
  pauseShard,
  removeSlot,
  resume,
  resumeShard,
  seek,
  undrain,
} from '../../../lib/group/operations.ts';
import { letTimePass } from '../../support/letTimePass.ts';
import { createObserved, distanceIn } from './observed.ts';

const options = { signal: new AbortController().signal };
const SLOTS = ['consumer-0', 'consumer-1', 'consumer-2'];
const SHARDS = ['0', '1', '2'];

const slot = fc.constantFrom(...SLOTS);
const shard = fc.constantFrom(...SHARDS);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: fc.constant('tick' as const), slot }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('look' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 150_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom('pauseShard' as const, 'resumeShard', 'seek', 'append', 'split'),
      shard,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('drain' as const, 'undrain', 'remove'), slot }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constantFrom('pause' as const, 'resume', 'fail', 'succeed', 'delete') }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Seen = ReturnType<typeof createObserved>;

async function take(seen: Seen, given: Step): Promise<void> {
  const { world, clock } = seen;
  const { store, source } = world;
  switch (given.does) {
    case 'tick':
      // One that comes early waits for its slot.
      await letTimePass(clock, world.tick(given.slot), { stepMs: 5_000 });
      return clock.advance(500);
    case 'look':
      await seen.look();
      return;
    case 'wait':
      return clock.advance(given.ms);
    case 'pauseShard':
      return pauseShard(store, given.shard, options);
    case 'resumeShard':
      return resumeShard(store, given.shard, options);
    case 'seek':
      return void (await seek(
        store,
        { cursorAt: source.cursorAt },
        { shard: given.shard, to: { at: 'begin' } },
        options,
      ));
    case 'append':
      return source.append(given.shard, { content: '1' }, { content: '2' }, { content: '3' });
    case 'split':
      return source.replace([given.shard], [`${given.shard}a`, `${given.shard}b`]);
    case 'drain':
      return drain(store, given.slot, options);
    case 'undrain':
      return undrain(store, given.slot, options);
    case 'remove':
      return void (await removeSlot(store, given.slot, { now: clock.now(), skewMarginMs: 0 }, options));
    case 'pause':
      return pause(store, options);
    case 'resume':
      return resume(store, options);
    case 'fail':
      world.eachBatch = async () => {
        throw new Error('no');
      };
      return;
    case 'succeed':
      world.eachBatch = async () => {};
      return;
    case 'delete':
      for (const item of (await store.readAll({ ...options, consistent: true })).shards.keys())
        await store.remove(`SHARD#${item}`, { exists: 'cursor' }, options);
      await store.remove('GROUP', { exists: 'generation' }, options);
  }
}

/** One bar after the other, of each row: who has it, or its session. */
function expectNoHoles(spans: readonly Span[], kinds: readonly Span['kind'][], now: number): void {
  const rows = Map.groupBy(
    spans.filter(({ kind }) => kinds.includes(kind)),
    ({ row }) => JSON.stringify(row),
  );
  for (const [row, bars] of rows) {
    for (const [index, bar] of bars.entries()) {
      const next = bars[index + 1];
      expect(bar.from, row).toBeLessThanOrEqual(bar.until ?? now);
      if (next !== undefined) expect(bar.until, row).toBeLessThanOrEqual(next.from);
    }
  }
}

it('bars follow each other, events come in order, and the page has what the server has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), fc.nat(), async (steps, joinedAt) => {
      const seen = createObserved(SHARDS);
      let page: History | undefined;
      for (const [index, given] of steps.entries()) {
        const known = seen.changes.length;
        // What an operator may not do at that time is refused.
        await take(seen, given).catch(() => {});
        const { history } = seen.observed;
        if (index === joinedAt % steps.length) page = overWire(history);
        else if (page !== undefined)
          for (const changes of seen.changes.slice(known))
            page = withChanges(page, overWire<Change>({ changes }).changes);
        if (page !== undefined) expect(page).toEqual(overWire(history));
      }
      await seen.look();
      const { history, look } = seen.observed;
      const now = look!.at;
      expectNoHoles(history.spans, ['owned', 'unowned', 'done'], now);
      expectNoHoles(history.spans, ['session', 'dead'], now);
      const ids = [...history.spans, ...history.events].map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const times = history.events.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      // What lasts is what somebody sees who comes only now, but for what lies in the past: slots that have left the table, and overlaps.
      const fresh = observe(NOTHING_OBSERVED, look!, { gapMs: 1, distanceIn }).observed.history;
      const bar = ({ row, kind, slot }: Span): string => JSON.stringify([row, kind, slot]);
      const lasting = (of: History): string[] =>
        of.spans
          .filter(({ until, kind }) => until === undefined && kind !== 'overlap')
          .map(bar)
          .sort();
      expect(lasting(history)).toEqual(lasting(fresh));
      expect(history.points.at.length).toBe(seen.changes.length);
    }),
    { numRuns: 150 },
  );
}, 60_000);

/** As JSON brings it. */
const overWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
