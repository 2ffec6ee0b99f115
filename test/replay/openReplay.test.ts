/** What an operator does with replays, on a table in memory. */
import { expect, it } from 'vitest';
import { operateOnReplays } from '../../lib/compose/openReplay.ts';
import { createMemoryDeadLetters } from '../../lib/delivery/deadLetters/memory.ts';
import { consumerKey } from '../../lib/group/items.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import type { ReplayCount } from '../../lib/replay/replay.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';

const { signal } = new AbortController();
const clock = createManualClock();
const memory = createMemoryStore(new Map(), 'orders#replay');
const count = {
  begun: true,
  group: 'orders',
  table: 'shop',
  unit: 'log groups',
  shards: [],
  patienceMs: 1,
} as const;

const opened = (store: GroupStore, skewMs = () => 0, counted: ReplayCount = count) => {
  const begun: unknown[] = [];
  const letters = createMemoryDeadLetters({ letters: new Map(), lettersMax: 1, now: clock.now });
  const operations = operateOnReplays({
    ...{ group: 'orders', tableName: 'shop', clock, random: createCountingRandom(), skewMs },
    table: { store, letters, dropLetters: async () => {} },
    byFunction: {
      begin: async (request) => {
        begun.push(request.dryRun);
        return counted;
      },
      turn: () => Promise.reject(new Error('no turn')),
    },
    logger: createLogger({ level: 'error', write: () => {}, now: clock.now }),
  });
  return { begun, ...operations };
};

it.each([{ group: 'others' }, { table: 'elsewhere' }])(
  'a function of another %o begins nothing',
  async (other) => {
    const range = { from: 1, to: 2 };
    const { begun, countReplay, replay } = opened(memory, undefined, { ...count, ...other });
    const message = new RegExp(
      `^function: "of orders, shop" .* it is of the group ${other.group ?? 'orders'} in the table ${other.table ?? 'shop'}`,
    );
    await expect(countReplay(range)).rejects.toThrow(message);
    await expect(replay('function', range)).rejects.toThrow(message);
    expect(begun).toEqual([true, true]);
  },
);

it('whether a replay may be at work is told by the table’s clock, which one small read tells', async () => {
  const expiresAt = clock.now() + 300_000;
  const set = {
    heartbeatAt: clock.now(),
    expiresAt,
    busyUntil: 0,
    invocation: 'one',
    tick: 1,
    acknowledged: 0,
  };
  await memory.update(consumerKey('some-0'), { set, condition: { absent: 'tick' } }, { signal });
  const here = opened(memory);
  expect(await here.replayLeft()).toEqual({ begunAt: 0, until: expiresAt });
  expect(await here.clearReplay()).toEqual({ cleared: false, until: expiresAt });
  expect(await opened(memory, () => 600_000).replayLeft()).toEqual({ begunAt: 0, until: 0 });

  let skewMs = 0;
  const reads: string[] = [];
  const answered = {
    ...memory,
    get: ((key, options) => {
      reads.push(`get ${key}`);
      skewMs = 600_000;
      return memory.get(key, options);
    }) as GroupStore['get'],
    readAll: ((options) => {
      reads.push('readAll');
      return memory.readAll(options);
    }) as GroupStore['readAll'],
  };
  expect(await opened(answered, () => skewMs).clearReplay()).toEqual({ cleared: true });
  expect(reads).toEqual(['get GROUP', 'readAll']);
  expect(await here.replayLeft()).toBeUndefined();
});
