/** A group in memory whose slots tick when the test says so, and what somebody learns who looks at it now and then. */
import type { Changes, Row, Span } from '../../../cli/console/feed.ts';
import { NOTHING_OBSERVED, observe } from '../../../cli/console/observer.ts';
import type { Look } from '../../../cli/look.ts';
import { describe } from '../../../lib/group/describe.ts';
import { createWorld } from '../../support/world.ts';

const options = { signal: new AbortController().signal };

/** Cursors in memory are decimal positions. */
export const distanceIn = () => (from: string, to: string) => Number(to) - Number(from);

export function createObserved(shards: readonly string[], world = createWorld(shards)) {
  const { clock, store } = world;
  let observed = NOTHING_OBSERVED;
  const observing = {
    world,
    clock,
    /** What the observer's clock is ahead of the table's. */
    aheadMs: 0,
    changes: [] as Changes[],
    get observed() {
      return observed;
    },
    /** Looks; what is `seen` may be told differently. */
    async look(given: Partial<Look> = {}, seen: (description: Look['description']) => void = () => {}) {
      const description = await describe(store, clock.now(), options);
      seen(description);
      const at = clock.now() + observing.aheadMs;
      const look: Look = {
        group: 'orders',
        place: 'memory',
        at,
        description,
        lag: undefined,
        deadLetters: 0,
        missing: [],
        ...given,
      };
      const step = observe(observed, look, { gapMs: 600_000, distanceIn });
      observed = step.observed;
      observing.changes.push(step.changes);
      return step.changes;
    },
    /** The bars of a row, without their ids, in time order. */
    bars: (row: Row, kinds?: readonly Span['kind'][]) =>
      observed.history.spans
        .filter((span) => JSON.stringify(span.row) === JSON.stringify(row))
        .filter(({ kind }) => kinds === undefined || kinds.includes(kind))
        .map(({ kind, from, until, slot }) => ({ kind, from, until, slot })),
    whose: (shard: string) => observing.bars({ shard }, ['owned', 'unowned', 'done']),
    events: (...kinds: string[]) =>
      observed.history.events.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)),
  };
  return observing;
}
