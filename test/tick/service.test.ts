import { afterEach, describe, expect, it } from 'vitest';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import { drain, seek } from '../../lib/group/operations.ts';
import type { ServiceGroup } from '../../lib/sources/serviceGroup.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { serviceCoordination } from '../../lib/tick/coordination/service.ts';
import { createManualClock } from '../support/clock.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';
import { clsStage } from './stages/cls.ts';
import { slsStage } from './stages/sls.ts';
import type { ServiceStage, StageOptions } from './stages/stage.ts';

const { signal } = new AbortController();
const options = { signal };
const read = { ...options, consistent: true };

/** The services that assign shards themselves: whatever is said here holds with each of them. */
const STAGES: [service: string, start: (options: StageOptions) => Promise<ServiceStage>][] = [
  ['SLS', slsStage],
  ['CLS', clsStage({})],
  ['a CLS that hands over at once', clsStage({ handOver: 'immediate' })],
  ['a CLS that refuses the commits of strangers', clsStage({ fencedCommits: true })],
];

let stage: ServiceStage | undefined;
afterEach(() => stage?.close());

/** A group on the local service, which assigns the shards. `official` is a member that is not ours. */
async function setUp(
  start: (options: StageOptions) => Promise<ServiceStage>,
  shards: number,
  given: Partial<TickSettings> = {},
  how: Pick<StageOptions, 'pullBytesMax'> = {},
) {
  const clock = createManualClock();
  const started = await start({ clock, shards, ...how });
  stage = started;
  const world = createGroup({ clock, source: started.source, serviceGroup: started.serviceGroup }, given);
  /** Shards by their number, whatever their ids are. */
  const numbers = new Map(Array.from({ length: 9 }, (_, index) => [started.shard(index), String(index)]));
  const numbered = (of: Iterable<readonly [string, string]>) =>
    Object.fromEntries([...of].map(([shard, cursor]) => [numbers.get(shard), cursor]));
  return {
    ...world,
    ...started,
    world,
    checkpoints: async () => numbered(await started.serviceGroup.checkpoints(signal)),
    ends: () => numbered(Object.entries(started.ends())),
    /** `number:content` of every record. */
    delivered: () =>
      world.delivered.map((entry) => {
        const at = entry.lastIndexOf(':');
        return `${numbers.get(entry.slice(0, at))}${entry.slice(at)}`;
      }),
    item: async (index: number) => (await world.store.get(shardKey(started.shard(index)), read))!,
    /** Numbers of the shards that a slot has. */
    heldBy: async (slot: string): Promise<string> => {
      const item = await world.store.get(consumerKey(slot), read);
      const held = Object.keys(item?.assigned ?? {}).map((shard) => numbers.get(shard));
      return held.sort().join('');
    },
  };
}

/** As the official member. */
async function commitAs(group: { serviceGroup: ServiceGroup }, shard: string, cursor: string): Promise<void> {
  const outcomes = await group.serviceGroup.commit('official', new Map([[shard, cursor]]), signal);
  expect(outcomes).toEqual(new Map([[shard, 'committed']]));
}

/** A group of one shard in which a has read `one`, was silent too long, and an official member has read `two`. */
async function takenByOthers(start: Parameters<typeof setUp>[0]) {
  const group = await setUp(start, 1);
  await group.put('0', 'one');
  for (let round = 0; round < 3; round++) await group.world.round('a');
  group.clock.advance(3 * INTERVAL_MS);
  await group.serviceGroup.heartbeat('official', [], signal);
  await group.put('0', 'two');
  await commitAs(group, group.shard(0), group.ends()['0']!);
  return group;
}

describe.each(STAGES)('slots in a group that %s keeps', (_service, start) => {
  it('read what they are assigned, and bring their checkpoints to the service', async () => {
    const group = await setUp(start, 2);
    await group.put('0', 'x');
    await group.put('8', 'y');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(group.delivered().toSorted()).toEqual(['0:x', '1:y']);
    expect(await group.checkpoints()).toEqual(group.ends());
  });

  it('share the shards; one that joins is served at its next tick, and nothing is repeated', async () => {
    const group = await setUp(start, 4);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(await group.heldBy('a')).toBe('0123');
    // b joins, a gives up at its next tick, and b has the shards right after.
    await group.world.tick('b');
    await group.world.round('a', 'c');
    await group.world.round('a', 'b', 'c');
    await group.world.round('a', 'b', 'c');
    const held = await Promise.all(['a', 'b', 'c'].map((slot) => group.heldBy(slot)));
    expect(held.join('').split('').sort().join('')).toBe('0123');
    expect(held.map((shards) => shards.length).sort()).toEqual([1, 1, 2]);
    for (const key of ['0', '4', '8', 'c']) await group.put(key, key);
    await group.world.round('a', 'b', 'c');
    expect(group.delivered().toSorted()).toEqual(['0:0', '1:4', '2:8', '3:c']);
  });

  it('release what was taken away in the same tick', async () => {
    const group = await setUp(start, 2);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    const before = await group.serviceGroup.heartbeat('official', [], signal);
    if (group.waits) expect(before).toEqual({ known: true, assigned: [] });
    await group.world.tick('a');
    const answer = await group.serviceGroup.heartbeat('official', [], signal);
    expect(answer).toMatchObject({ assigned: [expect.any(String)] });
    expect(await group.heldBy('a')).toHaveLength(1);
  });

  it('warm and idle ask DynamoDB for one write', async () => {
    const group = await setUp(start, 2);
    for (let round = 0; round < 4; round++) await group.world.round('a');
    const ticks: string[][] = [];
    for (let round = 0; round < 6; round++) {
      group.store.requests.length = 0;
      const [result] = await group.world.round('a');
      if (!result!.warm || group.store.requests.length > 1) continue;
      ticks.push([...group.store.requests]);
    }
    expect(ticks.length).toBeGreaterThan(1);
    for (const requests of ticks) expect(requests).toEqual(['update CONSUMER#a']);
  });

  it('that were dropped for their silence begin anew, and claim everything again', async () => {
    const group = await setUp(start, 2);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    const before = await group.item(0);
    group.clock.advance(5 * INTERVAL_MS);
    await group.put('0', 'x');
    await group.world.round('a');
    await group.world.round('a');
    expect(group.delivered()).toEqual(['0:x']);
    if (!group.serviceGroup.reportsDropped) return;
    expect((await group.item(0)).epoch).toBeGreaterThan(before.epoch);
    expect(group.events).toContainEqual(expect.objectContaining({ event: 'service.dropped' }));
  });

  it('make the group again when somebody has deleted it, and go on at their own checkpoints', async () => {
    const group = await setUp(start, 2);
    await group.put('0', 'x');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    // CLS keeps a group whose consumers are alive.
    if (!group.serviceGroup.reportsDropped) group.clock.advance(3 * INTERVAL_MS);
    await group.serviceGroup.remove(signal);
    await group.put('0', 'y');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(group.delivered()).toEqual(['0:x', '0:y']);
    expect(await group.checkpoints()).toEqual(group.ends());
  });

  it('bring the checkpoints of the others to the service before that is begun of which a run may die', async () => {
    const group = await setUp(start, 2);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    await group.put('0', 'x');
    await group.put('8', 'y');
    const failed = { attempts: 1, firstAt: 1, lastAt: 1, deadly: true };
    const pending = { to: group.ends()['1']!, count: 1, done: 0, size: 1, ...failed };
    const noted = { set: { pending, step: 1 }, condition: { exists: 'cursor' } } as const;
    await group.store.update(shardKey(group.shard(1)), noted, options);
    let seen: Record<string, string> = {};
    group.world.eachBatch = async ({ shard }) => {
      if (shard === group.shard(1)) seen = await group.checkpoints();
    };
    await group.world.tick('a', 'another sandbox');
    expect(group.delivered()).toEqual(['0:x', '1:y']);
    expect(seen['0']).toBe(group.ends()['0']);
    expect(seen['1']).not.toBe(group.ends()['1']);
    expect(await group.checkpoints()).toEqual(group.ends());
  });

  it('hand everything back when they drain, and are then silent', async () => {
    const group = await setUp(start, 2);
    for (let round = 0; round < 3; round++) await group.world.round('a', 'b');
    await drain(group.store, 'a', options);
    for (let round = 0; round < 5; round++) await group.world.round('a', 'b');
    expect([await group.heldBy('a'), await group.heldBy('b')]).toEqual(['', '01']);
  });
});

it.each(STAGES)(
  'a slot whose checkpoint %s says is not its own has lost the shard',
  async (_service, start) => {
    const group = await setUp(start, 1);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    const { serviceGroup } = group;
    const refusing: ServiceGroup = {
      ...serviceGroup,
      commit: async (_slot, checkpoints) =>
        new Map([...checkpoints.keys()].map((shard) => [shard, 'notOwner'])),
    };
    await group.put('0', 'one');
    const coordination = serviceCoordination(refusing);
    const { shards } = await group.world.tick('a', 'a', { coordination });
    expect(shards).toMatchObject([{ shard: group.shard(0), stopped: 'lost', batches: 1 }]);
    const warnings = group.events.filter(({ event }) => event === 'service.notOwner');
    expect(warnings).toMatchObject([{ level: 'warn', shard: group.shard(0) }]);
    // What it remembers of the shard counts no longer.
    group.clock.advance(INTERVAL_MS);
    group.world.store.requests.length = 0;
    await group.world.tick('a');
    expect(group.world.store.requests).toContain(`get ${shardKey(group.shard(0))}`);
  },
);

/** What no service calls a shard, and what may stand in a table all the same. */
const MALFORMED = { x: 1, '-1': 2, '1.5': 3, '': 4, 'a:b': 5 };

describe.each(STAGES)('what stands in an assignment and is no shard of %s', (_service, start) => {
  const spoilt = async ({ alone }: { alone: boolean }) => {
    const group = await setUp(start, 1);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    const item = await group.store.get(consumerKey('a'), read);
    const assigned = { ...(!alone && item!.assigned), ...MALFORMED };
    await group.store.update(consumerKey('a'), { set: { assigned }, condition: { all: [] } }, options);
    return group;
  };

  it('is dropped with a warning, before anything of it is sent', async () => {
    const group = await spoilt({ alone: false });
    await group.put('0', 'x');
    for (let round = 0; round < 2; round++) await group.world.round('a');
    expect(group.delivered()).toEqual(['0:x']);
    const item = await group.store.get(consumerKey('a'), read);
    expect(Object.keys(item!.assigned!)).toEqual([group.shard(0)]);
    const warnings = group.events.filter(({ event }) => event === 'service.malformed');
    expect(warnings).toEqual([
      expect.objectContaining({ level: 'warn', slot: 'a', shards: expect.arrayContaining(['x', '-1']) }),
    ]);
  });

  it('is named up to ten, however much it is', async () => {
    const group = await spoilt({ alone: true });
    const assigned = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`x${index}`, 1]));
    await group.store.update(consumerKey('a'), { set: { assigned }, condition: { all: [] } }, options);
    await group.world.round('a');
    const [warning] = group.events.filter(({ event }) => event === 'service.malformed');
    expect(warning!.shards).toHaveLength(10);
  });

  it('does not keep a slot from draining', async () => {
    const group = await spoilt({ alone: true });
    await drain(group.store, 'a', options);
    await group.world.round('a');
    expect((await group.store.get(consumerKey('a'), read))!.assigned).toEqual({});
  });
});

describe.each(STAGES)(
  'an official worker whose session timeout is shorter than our interval (%s)',
  (_service, start) => {
    /** It ticks every ten seconds, as they do; our slot once an interval, always in the same sandbox. */
    const share = async (group: Awaited<ReturnType<typeof setUp>>, intervals: number): Promise<void> => {
      let theirs: string[] = [];
      for (let interval = 0; interval < intervals; interval++) {
        await group.world.tick('a');
        for (let second = 0; second < INTERVAL_MS / 1_000; second += 10) {
          group.clock.advance(10_000);
          const answer = await group.serviceGroup.heartbeat('official', theirs, signal);
          theirs = answer.known ? answer.assigned : [];
        }
      }
    };
    const timeoutChanges = (group: { logged: string[] }) =>
      group.logged.map((line) => JSON.parse(line)).filter(({ event }) => event === 'service.timeoutChanged');

    it('does not starve a warm slot: the group gets ours back, and it is said', async () => {
      const group = await setUp(start, 2);
      for (let round = 0; round < 3; round++) await group.world.round('a');
      await group.joinAsOfficial(INTERVAL_MS / 2);
      await share(group, 1);
      // Who is told that it was dropped looks at once.
      if (group.serviceGroup.reportsDropped) expect(timeoutChanges(group)).toHaveLength(1);
      await share(group, 11);
      expect(await group.heldBy('a')).toHaveLength(1);
      expect(timeoutChanges(group)).toEqual([
        expect.objectContaining({ level: 'warn', theirsMs: INTERVAL_MS / 2, oursMs: 3 * INTERVAL_MS }),
      ]);
      // And once more, when another one starts.
      await group.joinAsOfficial(INTERVAL_MS / 3);
      await share(group, 12);
      expect(await group.heldBy('a')).toHaveLength(1);
      expect(timeoutChanges(group)).toHaveLength(1);
    });

    it('is looked for now and then only, by a slot that has nothing', async () => {
      const group = await setUp(start, 1);
      let looks = 0;
      const serviceGroup: ServiceGroup = {
        ...group.serviceGroup,
        async join(given) {
          looks += 1;
          await group.serviceGroup.join(given);
        },
      };
      for (let round = 0; round < 3; round++) await group.world.round('a');
      for (let round = 0; round < 20; round++) {
        await group.world.tick('a', 'a');
        await group.world.tick('b', 'b', { coordination: serviceCoordination(serviceGroup) });
        group.clock.advance(INTERVAL_MS);
      }
      expect(looks).toBeGreaterThan(1);
      expect(looks).toBeLessThan(8);
    });

    it('is looked for when a shard is taken away, and is no reason to stop if it cannot be', async () => {
      const group = await setUp(start, 1);
      for (let round = 0; round < 3; round++) await group.world.round('a');
      const join = (): Promise<void> => Promise.reject(new Error('forbidden'));
      const heartbeat: ServiceGroup['heartbeat'] = async () => ({ known: true, assigned: [] });
      const replaced = { coordination: serviceCoordination({ ...group.serviceGroup, join, heartbeat }) };
      expect(await group.world.tick('a', 'a', replaced)).toMatchObject({ outcome: 'worked' });
      expect(group.events).toContainEqual(
        expect.objectContaining({ event: 'service.notJoined', level: 'warn' }),
      );
    });
  },
);

describe.each(STAGES)('a group of %s, shared with official consumers', (_service, start) => {
  it('is taken over where they are, and given back where we are', async () => {
    const group = await setUp(start, 1);
    await group.serviceGroup.join(signal);
    await group.put('0', 'read by them');
    const middle = group.ends()['0']!;
    await group.serviceGroup.heartbeat('official', [], signal);
    await commitAs(group, group.shard(0), middle);
    await group.put('0', 'read by us');

    // The official consumer stops, without a word, as they do.
    for (let round = 0; round < 6; round++) await group.world.round('a');
    expect(group.delivered()).toEqual(['0:read by us']);

    // And comes back, as a stays away: our checkpoint is where it begins.
    group.clock.advance(3 * INTERVAL_MS);
    expect(await group.serviceGroup.heartbeat('official', [], signal)).toMatchObject({
      assigned: [group.shard(0)],
    });
    expect(await group.checkpoints()).toEqual(group.ends());
  });

  it('is taken over where they are, wherever a new group would start', async () => {
    const group = await setUp(start, 1, { start: { at: 'end' } });
    await group.serviceGroup.join(signal);
    await group.serviceGroup.heartbeat('official', [], signal);
    await commitAs(group, group.shard(0), group.ends()['0']!);
    await group.put('0', 'not read by anybody yet');
    for (let round = 0; round < 6; round++) await group.world.round('a');
    expect(group.delivered()).toEqual(['0:not read by anybody yet']);
  });

  it('is not given back before the service has our checkpoint', async () => {
    const group = await setUp(start, 2);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    group.failing.commits = true;
    await group.put('0', 'x');
    await group.put('8', 'y');
    await group.world.round('a');
    expect(group.events).toContainEqual(expect.objectContaining({ event: 'checkpoint.notPublished' }));

    await group.serviceGroup.heartbeat('official', [], signal);
    await group.world.tick('a');
    const answer = await group.serviceGroup.heartbeat('official', [], signal);
    if (group.waits) expect(answer).toMatchObject({ assigned: [] });

    group.failing.commits = false;
    group.clock.advance(INTERVAL_MS);
    await group.world.tick('a');
    expect(await group.serviceGroup.heartbeat('official', [], signal)).toMatchObject({
      assigned: [expect.any(String)],
    });
    expect(await group.checkpoints()).toEqual(group.ends());
    expect(group.delivered().toSorted()).toEqual(['0:x', '1:y']);
  });

  it('passes a shard to them and back, each going on where the other was', async () => {
    const group = await takenByOthers(start);
    group.clock.advance(3 * INTERVAL_MS);
    await group.put('0', 'three');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(group.delivered()).toEqual(['0:one', '0:three']);
    expect(group.events).toContainEqual(
      expect.objectContaining({ event: 'shard.takenOver', shard: group.shard(0) }),
    );
  });

  it.each([
    ['a new sandbox', 'another'],
    ['its old sandbox', 'a'],
  ])('is not set back by a slot that comes back, in %s, after they have read on', async (_what, sandbox) => {
    const group = await takenByOthers(start);
    await group.world.tick('a', sandbox);
    expect(await group.checkpoints()).toEqual(group.ends());
    expect(group.delivered()).toEqual(['0:one']);
  });

  it('is taken over where they are, also if it cannot be asked at first where that is', async () => {
    const group = await takenByOthers(start);
    group.clock.advance(3 * INTERVAL_MS);
    await group.put('0', 'three');
    group.failing.checkpoints = true;
    await group.world.round('a');
    group.failing.checkpoints = false;
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(group.delivered()).toEqual(['0:one', '0:three']);
  });

  it('is not joined again by a slot that drains, and was dropped', async () => {
    const group = await setUp(start, 2);
    // Who is not told takes any heartbeat for a consumer's first one.
    if (!group.serviceGroup.reportsDropped) return;
    for (let round = 0; round < 3; round++) await group.world.round('a');
    await drain(group.store, 'a', options);
    group.clock.advance(3 * INTERVAL_MS);
    await group.serviceGroup.heartbeat('official', [], signal);
    await group.world.round('a');
    group.clock.advance(INTERVAL_MS);
    const answer = await group.serviceGroup.heartbeat('official', [], signal);
    expect(answer).toMatchObject({ assigned: [group.shard(0), group.shard(1)] });
  });

  it('in which they finished a parent lets us begin with its children', async () => {
    const group = await setUp(start, 1);
    await group.serviceGroup.join(signal);
    await group.put('0', 'parent');
    await group.serviceGroup.heartbeat('official', [], signal);
    await commitAs(group, group.shard(0), group.ends()['0']!);
    group.split(0);
    await group.put('0', 'left');
    await group.put('8', 'right');
    for (let round = 0; round < 8; round++) await group.world.round('a');
    expect(group.delivered().toSorted()).toEqual(['1:left', '2:right']);
  });
});

describe.each(STAGES)('seek in a group that %s keeps', (_service, start) => {
  it('wins over the checkpoint at the service, also if another slot is next', async () => {
    const group = await setUp(start, 1);
    await group.put('0', 'x');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    await seek(group.store, group.source, { shard: group.shard(0), to: { at: 'begin' } }, options);
    group.clock.advance(3 * INTERVAL_MS);
    for (let round = 0; round < 4; round++) await group.world.round('b');
    expect(group.delivered()).toEqual(['0:x', '0:x']);
    expect(await group.checkpoints()).toEqual(group.ends());
  });

  it.each(['while a slot has the shard', 'just before it goes to them'])(
    'does not bring again what official consumers read after it (%s)',
    async (when) => {
      const group = await setUp(start, 1);
      await group.put('0', 'x');
      for (let round = 0; round < 3; round++) await group.world.round('a');
      await seek(group.store, group.source, { shard: group.shard(0), to: { at: 'end' } }, options);
      if (when === 'while a slot has the shard') await group.world.round('a');
      else await drain(group.store, 'a', options);
      await group.world.round('a');
      group.clock.advance(3 * INTERVAL_MS);
      await group.serviceGroup.heartbeat('official', [], signal);
      await group.put('0', 'read by them');
      await commitAs(group, group.shard(0), group.ends()['0']!);
      group.clock.advance(3 * INTERVAL_MS);
      await group.put('0', 'read by us');
      for (let round = 0; round < 4; round++) await group.world.round('b');
      expect(group.delivered()).toEqual(['0:x', '0:read by us']);
    },
  );

  it('is not undone when a tick is killed half-way, before the service has its checkpoint', async () => {
    const group = await setUp(start, 1, { batchesMax: 1, countMax: 1 }, { pullBytesMax: 1 });
    for (const content of ['x', 'y', 'z']) await group.put('0', content);
    for (let round = 0; round < 5; round++) await group.world.round('a');
    expect(group.delivered()).toEqual(['0:x', '0:y', '0:z']);

    await seek(group.store, group.source, { shard: group.shard(0), to: { at: 'begin' } }, options);
    const killed = Promise.withResolvers<void>();
    const commit: ServiceGroup['commit'] = async (...given) => {
      if (group.delivered().length < 4) return group.serviceGroup.commit(...given);
      killed.resolve();
      return new Promise(() => {});
    };
    const coordination = serviceCoordination({ ...group.serviceGroup, commit });
    void group.world.tick('a', 'killed', { coordination });
    await killed.promise;
    expect(group.delivered().slice(3)).toEqual(['0:x']);

    group.clock.advance(3 * INTERVAL_MS);
    for (let round = 0; round < 4; round++) await group.world.round('b');
    expect(group.delivered().slice(3)).toEqual(['0:x', '0:y', '0:z']);
    expect(await group.checkpoints()).toEqual(group.ends());
  });
});

describe.each(STAGES)('a split in a group that %s keeps', (_service, start) => {
  it.each([
    ['with records', ['p', 'q'], ['0:p', '0:q']],
    ['that is empty', [], []],
  ])('of a shard %s brings the children after the parent', async (_what, contents, parent) => {
    const group = await setUp(start, 1);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    for (const content of contents) await group.put('0', content);
    group.split(0);
    await group.put('0', 'left');
    await group.put('8', 'right');
    for (let round = 0; round < 9; round++) await group.world.round('a');
    const delivered = group.delivered();
    // Where the service gives the children out at once, only each shard's own order is certain.
    if (!group.keepsOrder) delivered.sort();
    expect(delivered.slice(0, parent.length)).toEqual(parent);
    expect(delivered.slice(parent.length).toSorted()).toEqual(['1:left', '2:right']);
  });
});
