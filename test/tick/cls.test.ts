import { afterEach, describe, expect, it } from 'vitest';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import { createClsStream } from '../../lib/sources/cls/stream.ts';
import type { Source } from '../../lib/sources/source.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { DOCUMENTED_QUOTAS } from '../../local/cls/quotas.ts';
import type { ClsOptions, ClsService } from '../../local/cls/service.ts';
import { clientOf, dataRefusal, message, pulled, type Reply, serve } from '../sources/cls/support.ts';
import { createManualClock } from '../support/clock.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';
import { LOGSET, startClsStage } from './stages/cls.ts';

const { signal } = new AbortController();
const read = { signal, consistent: true };
const AUDIT = 'aaaaaaaa-2222-4222-8222-222222222222';
const ORDERS = 'bbbbbbbb-2222-4222-8222-222222222222';
const DAY_MS = 86_400_000;

const messageWith = (content: string): string => message({ logs: [{ timeMs: 0, fields: { content } }] });

let service: ClsService | undefined;
afterEach(() => service?.close());

interface GroupOptions {
  coordination?: 'own' | 'service';
  topics?: Record<string, number>;
  service?: Partial<ClsOptions>;
  settings?: Partial<TickSettings>;
}

/** A group over topics of a local CLS, each with so many partitions; it is noted what is asked of the service. */
async function groupOf({ coordination = 'own', topics = { [ORDERS]: 1 }, ...given }: GroupOptions = {}) {
  const clock = createManualClock();
  const asked: string[] = [];
  const inject: ClsOptions['inject'] = ({ operation }) => void asked.push(operation);
  const stage = await startClsStage({ clock, coordination, topics, service: { inject, ...given.service } });
  service = stage.service;
  const { source, serviceGroup } = stage;
  const world = createGroup({ clock, source, serviceGroup }, given.settings);
  const rounds = async (count: number, ...slots: string[]): Promise<void> => {
    for (let round = 0; round < count; round++) await world.round(...slots);
  };
  return { ...stage, world, rounds, asked };
}

describe('a group over several topics', () => {
  it.each(['own', 'service'] as const)(
    'shares out the partitions of all, and says with each batch where it is from (%s)',
    async (coordination) => {
      const { world, put, rounds } = await groupOf({ coordination, topics: { [AUDIT]: 2, [ORDERS]: 2 } });
      await put(ORDERS, '0', 'a');
      await put(ORDERS, '8', 'b');
      await put(AUDIT, '0', 'c');
      await put(AUDIT, '8', 'd');
      const from: unknown[] = [];
      world.eachBatch = async ({ shard, tags }) => void from.push([shard, tags]);
      await rounds(6, 'a', 'b');
      expect(world.delivered.toSorted()).toEqual([
        `${AUDIT}:1:c`,
        `${AUDIT}:2:d`,
        `${ORDERS}:1:a`,
        `${ORDERS}:2:b`,
      ]);
      expect(from).toContainEqual([`${AUDIT}:1`, { source: 'cls', logset: LOGSET, topic: AUDIT }]);
      const results = await world.round('a', 'b');
      expect(results.map(({ shards }) => shards.length)).toEqual([2, 2]);
    },
  );

  it('takes a topic in that is added, under a higher version of its settings', async () => {
    const stream = `cls://${LOGSET}/${ORDERS}`;
    const { world, put, rounds } = await groupOf({ settings: { stream }, topics: { [ORDERS]: 1 } });
    await put(ORDERS, '0', 'a');
    await rounds(3, 'a');
    Object.assign(world.settings, { stream: `${stream},${AUDIT}`, settingsVersion: 2 });
    const result = await world.tick('a', 'a new sandbox');
    expect(result.outcome).toBe('worked');
    expect((await world.store.get('GROUP', read))!.settings.stream).toBe(`${stream},${AUDIT}`);
  });

  it('refuses another logset, also under a higher version', async () => {
    const { world, rounds } = await groupOf({ settings: { stream: `cls://${LOGSET}/${ORDERS}` } });
    await rounds(2, 'a');
    Object.assign(world.settings, { stream: `cls://other/${ORDERS}`, settingsVersion: 2 });
    expect(await world.tick('a', 'a new sandbox')).toMatchObject({ outcome: 'disagrees' });
  });
});

describe('what a tick asks of CLS', () => {
  it('is one heartbeat, a pull for each partition, and one commit for all that moved', async () => {
    const { world, put, rounds, asked } = await groupOf({
      coordination: 'service',
      topics: { [AUDIT]: 3, [ORDERS]: 3 },
    });
    // Every fifth one also looks at the group's settings.
    await rounds(6, 'a');
    asked.length = 0;
    await world.round('a');
    expect(asked.toSorted()).toEqual([...Array(6).fill('PullLogs'), 'SendConsumerHeartbeat']);

    await put(ORDERS, '0', 'a');
    await put(AUDIT, '0', 'b');
    asked.length = 0;
    await world.round('a');
    expect(asked.filter((operation) => operation === 'CommitConsumerOffsets')).toHaveLength(1);
    expect(asked.filter((operation) => operation === 'SendConsumerHeartbeat')).toHaveLength(1);
  });

  it('without a group that CLS keeps is nothing but pulls', async () => {
    const { world, rounds, asked } = await groupOf();
    await rounds(4, 'a');
    asked.length = 0;
    await world.round('a');
    expect(
      asked.filter((operation) => operation !== 'PullLogs' && operation !== 'DescribePartitions'),
    ).toEqual([]);
  });

  it('fits its quotas, though many slots tick at the same second', async () => {
    const partitions = 40;
    const { world, put, rounds, serviceGroup, asked } = await groupOf({
      coordination: 'service',
      topics: { [ORDERS]: partitions },
      service: { quotas: DOCUMENTED_QUOTAS },
    });
    const slots = Array.from({ length: partitions }, (_, index) => `slot-${index}`);
    /** Time goes on while they are at work, as it does. */
    const together = async (): Promise<void> => {
      const { clock } = world;
      let busy = true;
      const ticking = Promise.all(slots.map((slot) => world.tick(slot))).finally(() => {
        busy = false;
      });
      const startedAt = clock.now();
      while (busy) {
        for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
        if (clock.now() - startedAt < 30_000) clock.advance(5);
      }
      await ticking;
      clock.advance(INTERVAL_MS - (clock.now() - startedAt));
    };
    await rounds(1, 'slot-0');
    asked.length = 0;
    for (let round = 0; round < 6; round++) await together();
    const heartbeats = asked.filter((operation) => operation === 'SendConsumerHeartbeat').length;
    // Some were refused for the quota, and repeated.
    expect(heartbeats).toBeGreaterThan(6 * partitions);
    expect(await serviceGroup!.status(signal)).toHaveLength(partitions);
    for (let index = 0; index < partitions; index++) {
      await put(ORDERS, (((index * 256) / partitions) | 0).toString(16).padStart(2, '0'), String(index));
      world.clock.advance(20);
    }
    for (let round = 0; round < 3; round++) await together();
    expect(new Set(world.delivered).size).toBe(partitions);
    expect(world.delivered).toHaveLength(partitions);
  }, 60_000);
});

describe('a split on CLS', () => {
  it('keeps the children waiting until the parent is read to its end', async () => {
    const { world, put, rounds, service } = await groupOf();
    await put(ORDERS, '0', 'before');
    await rounds(2, 'a');
    service.split(ORDERS, 1);
    await put(ORDERS, '0', 'left');
    await put(ORDERS, '8', 'right');
    await rounds(6, 'a', 'b');
    expect(world.delivered[0]).toBe(`${ORDERS}:1:before`);
    expect(world.delivered.slice(1).toSorted()).toEqual([`${ORDERS}:2:left`, `${ORDERS}:3:right`]);
    expect(await world.store.get(shardKey(`${ORDERS}:1`), read)).toMatchObject({ state: 'done' });
  });

  it('and a merge bring one shard that waits for both', async () => {
    const { world, put, rounds, service } = await groupOf({ topics: { [ORDERS]: 2 } });
    await rounds(3, 'a');
    await put(ORDERS, '0', 'left');
    await put(ORDERS, '8', 'right');
    service.merge(ORDERS, 1);
    await put(ORDERS, '0', 'merged');
    await rounds(6, 'a');
    expect(world.delivered.slice(0, 2).toSorted()).toEqual([`${ORDERS}:1:left`, `${ORDERS}:2:right`]);
    expect(world.delivered.slice(2)).toEqual([`${ORDERS}:3:merged`]);
  });
});

describe('where a group on CLS begins and ends', () => {
  it.each(['own', 'service'] as const)('is at a time, if told so (%s)', async (coordination) => {
    const clock = createManualClock();
    const start = { at: 'time', unixMs: clock.now() + 10_000 } as const;
    const { world, put, rounds } = await groupOf({ coordination, settings: { start } });
    await put(ORDERS, '0', 'too early');
    world.clock.advance(20_000);
    await put(ORDERS, '0', 'late enough');
    await rounds(5, 'a');
    expect(world.delivered).toEqual([`${ORDERS}:1:late enough`]);
  });

  it.each(['own', 'service'] as const)('is at the end time, and not after it (%s)', async (coordination) => {
    const endAt = createManualClock().now() + 4 * INTERVAL_MS;
    const { world, put, rounds } = await groupOf({
      coordination,
      settings: { endAt },
      topics: { [ORDERS]: 2 },
    });
    await put(ORDERS, '0', 'before');
    await rounds(3, 'a');
    await put(ORDERS, '0', 'just before');
    world.clock.advance(2 * INTERVAL_MS);
    await put(ORDERS, '0', 'after');
    await put(ORDERS, '8', 'after');
    await rounds(5, 'a');
    expect(world.delivered).toEqual([`${ORDERS}:1:before`, `${ORDERS}:1:just before`]);
    expect(await world.store.get(shardKey(`${ORDERS}:2`), read)).toMatchObject({ state: 'done' });
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'group.complete' }));
  });

  it('ends nothing by the answer -1 before the end that was asked for', async () => {
    const server = await serve(
      pulled({ NextOffset: -1, Message: null }),
      pulled({ NextOffset: 2, Message: [messageWith('a'), messageWith('b')] }),
      pulled({ NextOffset: -1, Message: null }),
    );
    const source: Source = {
      ...createClsStream({ client: clientOf(server), topics: [ORDERS], positionsGroup: 'positions' }),
      listStreams: async () => [
        { stream: ORDERS, shards: [{ id: `${ORDERS}:1`, state: 'open', parents: [] }] },
      ],
      cursorAt: async (_shard, { at }) => (at === 'time' ? '2' : '0'),
    };
    const clock = createManualClock();
    const world = createGroup({ clock, source }, { endAt: clock.now() - INTERVAL_MS });
    for (let round = 0; round < 3; round++) await world.round('a');
    expect(world.delivered).toEqual([`${ORDERS}:1:a`, `${ORDERS}:1:b`]);
    expect(await world.store.get(shardKey(`${ORDERS}:1`), read)).toMatchObject({
      cursor: '2',
      state: 'done',
    });
    const sent = server.received.map(({ body }) => JSON.parse(body.toString()));
    expect(sent.map(({ EndTime }) => EndTime === undefined)).toEqual([false, true]);
  });

  it('begins at offset 0 where that is the first, and asks for it as such', async () => {
    const pulls: unknown[] = [];
    const { world, put, rounds } = await groupOf({
      service: {
        firstOffset: 0n,
        inject: ({ operation, body }) => {
          if (operation === 'PullLogs') pulls.push(body.StartOffset);
          return undefined;
        },
      },
    });
    await put(ORDERS, '0', 'first');
    await rounds(3, 'a');
    expect(world.delivered).toEqual([`${ORDERS}:1:first`]);
    expect(pulls[0]).toBe(0);
    expect(pulls).not.toContain(-1);
  });

  it('past the retention is at what is left, and says how many messages are missing', async () => {
    const { world, put, rounds } = await groupOf();
    await rounds(3, 'a');
    for (const content of ['lost', 'lost', 'lost']) await put(ORDERS, '0', content);
    world.clock.advance(DAY_MS + 60_000);
    await put(ORDERS, '0', 'kept');
    await rounds(3, 'a');
    expect(world.delivered).toEqual([`${ORDERS}:1:kept`]);
    expect(world.events).toContainEqual(
      expect.objectContaining({ event: 'cursor.expired', shard: `${ORDERS}:1`, positions: 3 }),
    );
  });
});

describe('a group that CLS keeps, when records expire', () => {
  it('says how many are missing, also where nothing is left and CLS has no checkpoint', async () => {
    const { world, put, rounds, serviceGroup } = await groupOf({ coordination: 'service' });
    await rounds(3, 'a');
    world.clock.advance(3 * INTERVAL_MS);
    await serviceGroup!.remove(signal);
    for (const content of ['lost', 'lost', 'lost']) await put(ORDERS, '0', content);
    world.clock.advance(DAY_MS + 60_000);
    await rounds(3, 'a');
    expect(world.events).toContainEqual(
      expect.objectContaining({ event: 'cursor.expired', shard: `${ORDERS}:1`, positions: 3 }),
    );
  });

  it('lets go of a partition that went with them, and brings the checkpoints of the others', async () => {
    const { world, put, rounds, serviceGroup, service } = await groupOf({
      coordination: 'service',
      topics: { [ORDERS]: 2 },
    });
    await put(ORDERS, '0', 'x');
    await rounds(3, 'a');
    service.split(ORDERS, 1);
    await rounds(3, 'a');
    world.clock.advance(DAY_MS + 60_000);
    await put(ORDERS, '8', 'y');
    await world.tick('a', 'a new sandbox');
    const item = await world.store.get(consumerKey('a'), read);
    expect(Object.keys(item!.assigned!).sort()).toEqual([2, 3, 4].map((id) => `${ORDERS}:${id}`));
    const checkpoints = await serviceGroup!.checkpoints(signal);
    expect(checkpoints.get(`${ORDERS}:2`)).toBe(service.endOffsets(ORDERS)[`${ORDERS}:2`]);
  });
});

describe('a batch that the function refuses', () => {
  it('comes again as it was, though more was put meanwhile', async () => {
    const { world, put, rounds } = await groupOf();
    await rounds(3, 'a');
    await put(ORDERS, '0', 'x');
    const ids: string[] = [];
    let refusals = 2;
    world.eachBatch = async ({ id }) => {
      ids.push(id);
      if (refusals-- > 0) throw new Error('not now');
    };
    await rounds(1, 'a');
    await put(ORDERS, '0', 'y');
    await rounds(3, 'a');
    expect(world.delivered).toEqual([`${ORDERS}:1:x`, `${ORDERS}:1:y`]);
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
  });
});

describe('a filter that CLS applies', () => {
  /** A group on one partition, planned: its next tick pulls, and gets these answers. */
  async function setUp(...pulls: Reply[]) {
    const server = await serve(...pulls);
    const options = { client: clientOf(server), topics: [ORDERS], positionsGroup: 'positions' } as const;
    const source: Source = {
      ...createClsStream({ ...options, topics: [ORDERS], query: 'log_keep(true)' }),
      listStreams: async () => [
        { stream: ORDERS, shards: [{ id: `${ORDERS}:1`, state: 'open', parents: [] }] },
      ],
      cursorAt: async () => '0',
    };
    const world = createGroup({ clock: createManualClock(), source });
    for (let round = 0; round < 2; round++) await world.round('a');
    return { world, server };
  }

  it('and that leaves nothing of a batch is committed and read on, in the same tick', async () => {
    const { world, server } = await setUp(
      pulled({ NextOffset: 1_000, Message: null }),
      pulled({ NextOffset: 2_000, Message: [messageWith('match')] }),
      pulled({ NextOffset: 2_000, Message: null }),
    );
    const batches: string[] = [];
    world.eachBatch = async ({ from, to }) => void batches.push(`${from} ${to}`);
    await world.round('a');
    expect(batches).toEqual(['1000 2000']);
    expect(await world.store.get(shardKey(`${ORDERS}:1`), read)).toMatchObject({ cursor: '2000' });
    const sent = server.received.map(({ body }) => JSON.parse(body.toString()));
    expect(sent.map(({ StartOffset, Query }) => [StartOffset, Query])).toEqual(
      [0, 1_000, 2_000].map((offset) => [offset, 'log_keep(true)']),
    );
  });

  it('is not applied twice: what was found empty is past, whatever fails afterwards', async () => {
    const { world } = await setUp(
      pulled({ NextOffset: 1_000, Message: null }),
      dataRefusal(400, 'InvalidParameter'),
    );
    await world.round('a');
    expect(await world.store.get(shardKey(`${ORDERS}:1`), read)).toMatchObject({ cursor: '1000' });
  });
});
