import { describe, expect, it } from 'vitest';
import type { ConsumerItem, GroupItem, GroupState, ShardItem } from '../../lib/group/items.ts';
import type { Pending } from '../../lib/group/pending.ts';
import { waitOf } from '../../lib/group/waits.ts';

const NOW = 1_000_000;

const group = (given: Partial<GroupItem> = {}, order = true, coordination: 'own' | 'service' = 'own') =>
  ({ paused: false, settings: { order, coordination }, ...given }) as GroupItem;
const consumer = (given: Partial<ConsumerItem> = {}): ConsumerItem => ({
  heartbeatAt: NOW - 10,
  expiresAt: NOW + 10,
  tick: 5,
  invocation: 'run',
  busyUntil: NOW - 5,
  generation: 7,
  acknowledged: 7,
  ...given,
});
const shard = (given: Partial<ShardItem> = {}): ShardItem => ({
  owner: 'a',
  grant: 7,
  epoch: 1,
  cursor: '5',
  state: 'open',
  parents: [],
  ...given,
});
const pending = (given: Partial<Pending>): Pending => ({ to: '9', count: 4, done: 0, attempts: 1, ...given });

/** A group in which `a` reads shard 0, unless something else is said. */
const state = (
  given: {
    group?: GroupItem;
    a?: Partial<ConsumerItem>;
    b?: Partial<ConsumerItem>;
    shards?: Record<string, ShardItem>;
  } = {},
): GroupState => ({
  group: given.group ?? group(),
  consumers: new Map([
    ['a', consumer({ assigned: { '0': 7 }, ...given.a })],
    ['b', consumer(given.b)],
  ]),
  shards: new Map(Object.entries(given.shards ?? { '0': shard() })),
});
const gone = { assigned: {} };

describe('a shard waits', () => {
  const cases: [string, GroupState, ReturnType<typeof waitOf>][] = [
    ['for nothing while it is read', state(), undefined],
    [
      'for nothing when it is done',
      state({ group: group({ paused: true }), shards: { '0': shard({ state: 'done' }) } }),
      undefined,
    ],
    [
      'for the group to be resumed',
      state({ group: group({ paused: true }) }),
      { for: 'resume', of: 'group' },
    ],
    [
      'to be resumed itself',
      state({ shards: { '0': shard({ paused: true }) } }),
      { for: 'resume', of: 'shard' },
    ],
    [
      'for its parents, those that are left',
      state({
        shards: {
          '0': shard({ parents: ['1', '2', '3', '4'] }),
          '1': shard(),
          '2': shard({ state: 'done' }),
          '3': shard({ givenUpAt: 1 }),
        },
      }),
      { for: 'parents', shards: ['1'] },
    ],
    [
      'for no parents without order',
      state({ group: group({}, false), shards: { '0': shard({ parents: ['1'] }), '1': shard() } }),
      undefined,
    ],
    ['for its service', state({ shards: { '0': shard({ givenUpAt: 3 }) } }), { for: 'listing', since: 3 }],
    ['for a plan', state({ a: gone }), { for: 'assignment' }],
    ["for nothing at the very end of its slot's session", state({ a: { expiresAt: NOW } }), undefined],
    [
      'for a slot that does not tick',
      state({ a: { expiresAt: NOW - 1, heartbeatAt: 4 } }),
      { for: 'slot', slot: 'a', since: 4 },
    ],
    [
      'for the slot that had it to give it up',
      state({ a: { ...gone, generation: 8, busyUntil: NOW + 5 }, b: { assigned: { '0': 8 } } }),
      { for: 'handOff', slot: 'a', until: NOW + 5 },
    ],
    [
      'for the slot that is to have it',
      state({ a: gone, b: { assigned: { '0': 8 } } }),
      { for: 'claim', slot: 'b' },
    ],
    [
      'for the first slot of all',
      state({ shards: { '0': { ...shard(), owner: undefined! } } }),
      { for: 'claim', slot: 'a' },
    ],
    [
      'for the slot that had it once, and is to have it anew',
      state({ shards: { '0': shard({ grant: 6 }) } }),
      { for: 'claim', slot: 'a' },
    ],
    [
      'for no slot where the service assigns',
      state({ group: group({}, true, 'service'), a: gone }),
      undefined,
    ],
    [
      'for the next attempt',
      state({ shards: { '0': shard({ pending: pending({ notBefore: NOW + 9, message: 'no' }) }) } }),
      { for: 'attempt', notBefore: NOW + 9, attempts: 1, message: 'no' },
    ],
    [
      'for no attempt that is due',
      state({ shards: { '0': shard({ pending: pending({ notBefore: NOW }) }) } }),
      undefined,
    ],
    [
      'for anything to succeed',
      state({
        shards: { '0': shard({ pending: pending({ block: 2, notBefore: NOW + 9, message: 'down' }) }) },
      }),
      { for: 'success', records: 2, message: 'down' },
    ],
  ];
  it.each(cases)('%s', (_what, given, wait) => {
    expect(waitOf('0', given, NOW)).toEqual(wait);
  });
});
