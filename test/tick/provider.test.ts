import { afterEach, describe, expect, it } from 'vitest';
import { deriveTimes } from '../../lib/config/times.ts';
import { consumerKey, shardKey } from '../../lib/group/items.ts';
import { drain, seek } from '../../lib/group/operations.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import type { ProviderGroup } from '../../lib/sources/providerGroup.ts';
import { createSlsClient } from '../../lib/sources/sls/client.ts';
import { createSls } from '../../lib/sources/sls/create.ts';
import type { TickSettings } from '../../lib/tick/run.ts';
import { type SlsService, startSls } from '../../local/sls/service.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';

const { signal } = new AbortController();
const options = { signal };
const read = { ...options, consistent: true };
const account = { accessKeyId: 'id', accessKeySecret: 'secret' };

let service: SlsService | undefined;
/** What the service refuses for the time being. */
const failing: { operation: string | undefined } = { operation: undefined };
afterEach(() => service?.close());

/** A group on the local SLS service, which assigns the shards. `official` is a member that is not ours. */
async function setUp(shards: number, given: Partial<TickSettings> = {}) {
  const clock = createManualClock();
  service = await startSls({
    accounts: [account],
    clock,
    inject: ({ operation }) =>
      operation === failing.operation ? { status: 400, code: 'Injected' } : undefined,
  });
  failing.operation = undefined;
  service.createProject('shop');
  service.createLogstore('shop', 'orders', { shards });
  const sls = {
    endpoint: service.url,
    project: 'shop',
    logstores: ['orders'],
    region: 'local',
    signature: 'v4',
    compression: 'zstd',
    credentials: () => account,
  } as const;
  const runtime = { clock, random: createCountingRandom() };
  const logger = createLogger({ level: 'error', write: console.error, now: clock.now });
  const settings = {
    sls,
    group: 'orders',
    order: true,
    coordination: 'provider',
    times: deriveTimes(INTERVAL_MS),
  } as const;
  const noAws = { region: () => Promise.reject(), credentials: () => Promise.reject() };
  const { source, provider } = createSls(settings, { ...runtime, logger, aws: noAws });
  const world = createGroup({ clock, source, provider }, given);
  const client = createSlsClient({ ...sls, logstore: 'orders', ...runtime });
  /** One record in the shard that takes the key's half, quarter, … of the range. */
  const put = (hashKey: string, ...contents: string[]) =>
    client.putLogs(
      { logs: contents.map((content) => ({ timeMs: clock.now(), fields: { content } })) },
      { hashKey: hashKey.padEnd(32, '0') },
      signal,
    );
  const checkpoints = async () => Object.fromEntries(await provider!.checkpoints(signal));
  const ends = () => service!.endCursors('shop', 'orders');
  return { ...world, world, put, provider: provider as ProviderGroup, client, checkpoints, ends };
}

const heldBy = async (group: Awaited<ReturnType<typeof setUp>>, slot: string): Promise<string> => {
  const item = await group.store.get(consumerKey(slot), read);
  return Object.keys(item?.assigned ?? {})
    .sort()
    .join('');
};

/** As the official member. */
async function commitAs(group: { provider: ProviderGroup }, shard: string, cursor: string): Promise<void> {
  const outcomes = await group.provider.commit('official', new Map([[shard, cursor]]), signal);
  expect(outcomes).toEqual(new Map([[shard, 'committed']]));
}

describe('slots in a group that the service keeps', () => {
  it('read what they are assigned, and bring their checkpoints to the service', async () => {
    const group = await setUp(2);
    await group.put('0', 'x');
    await group.put('8', 'y');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(group.world.delivered.toSorted()).toEqual(['0:x', '1:y']);
    expect(await group.checkpoints()).toEqual(group.ends());
  });

  it('share the shards; one that joins is served at its next tick, and nothing is repeated', async () => {
    const group = await setUp(4);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(await heldBy(group, 'a')).toBe('0123');
    // b joins, a gives up at its next tick, and b has the shards right after.
    await group.world.tick('b');
    await group.world.round('a', 'c');
    await group.world.round('a', 'b', 'c');
    await group.world.round('a', 'b', 'c');
    const held = await Promise.all(['a', 'b', 'c'].map((slot) => heldBy(group, slot)));
    expect(held.join('').split('').sort().join('')).toBe('0123');
    expect(held.map((shards) => shards.length).sort()).toEqual([1, 1, 2]);
    for (const key of ['0', '4', '8', 'c']) await group.put(key, key);
    await group.world.round('a', 'b', 'c');
    expect(group.world.delivered.toSorted()).toEqual(['0:0', '1:4', '2:8', '3:c']);
  });

  it('release what was taken away in the same tick', async () => {
    const group = await setUp(2);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(await group.provider.heartbeat('official', [], signal)).toEqual({ known: true, assigned: [] });
    await group.world.tick('a');
    const answer = await group.provider.heartbeat('official', [], signal);
    expect(answer).toMatchObject({ assigned: [expect.any(String)] });
    expect(await heldBy(group, 'a')).toHaveLength(1);
  });

  it('warm and idle ask DynamoDB for one write', async () => {
    const group = await setUp(2);
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
    const group = await setUp(2);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    const before = (await group.store.get(shardKey('0'), read))!;
    group.clock.advance(5 * INTERVAL_MS);
    await group.put('0', 'x');
    await group.world.round('a');
    await group.world.round('a');
    expect(group.world.delivered).toEqual(['0:x']);
    expect((await group.store.get(shardKey('0'), read))!.epoch).toBeGreaterThan(before.epoch);
    expect(group.events).toContainEqual(expect.objectContaining({ event: 'provider.dropped' }));
  });

  it('make the group again when somebody has deleted it, and go on at their own checkpoints', async () => {
    const group = await setUp(2);
    await group.put('0', 'x');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    await group.provider.remove(signal);
    await group.put('0', 'y');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(group.world.delivered).toEqual(['0:x', '0:y']);
    expect(await group.checkpoints()).toEqual(group.ends());
  });

  it('hand everything back when they drain, and are then silent', async () => {
    const group = await setUp(2);
    for (let round = 0; round < 3; round++) await group.world.round('a', 'b');
    await drain(group.store, 'a', options);
    for (let round = 0; round < 5; round++) await group.world.round('a', 'b');
    expect([await heldBy(group, 'a'), await heldBy(group, 'b')]).toEqual(['', '01']);
  });
});

describe('a group shared with official consumers', () => {
  it('is taken over where they are, and given back where we are', async () => {
    const group = await setUp(1);
    await group.provider.join(signal);
    await group.put('0', 'read by them');
    const middle = group.ends()['0']!;
    await group.provider.heartbeat('official', [], signal);
    await commitAs(group, '0', middle);
    await group.put('0', 'read by us');

    // The official consumer stops, without a word, as they do.
    for (let round = 0; round < 6; round++) await group.world.round('a');
    expect(group.world.delivered).toEqual(['0:read by us']);

    // And comes back, as a stays away: our checkpoint is where it begins.
    group.clock.advance(3 * INTERVAL_MS);
    expect(await group.provider.heartbeat('official', [], signal)).toMatchObject({ assigned: ['0'] });
    expect(await group.checkpoints()).toEqual(group.ends());
  });

  it('is taken over where they are, wherever a new group would start', async () => {
    const group = await setUp(1, { start: { at: 'end' } });
    await group.provider.join(signal);
    await group.provider.heartbeat('official', [], signal);
    await commitAs(group, '0', group.ends()['0']!);
    await group.put('0', 'not read by anybody yet');
    for (let round = 0; round < 6; round++) await group.world.round('a');
    expect(group.world.delivered).toEqual(['0:not read by anybody yet']);
  });

  it('is not given back before the service has our checkpoint', async () => {
    const group = await setUp(2);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    failing.operation = 'ConsumerGroupUpdateCheckPoint';
    await group.put('0', 'x');
    await group.put('8', 'y');
    await group.world.round('a');
    expect(group.events).toContainEqual(expect.objectContaining({ event: 'checkpoint.notMirrored' }));

    await group.provider.heartbeat('official', [], signal);
    await group.world.tick('a');
    expect(await group.provider.heartbeat('official', [], signal)).toMatchObject({ assigned: [] });

    failing.operation = undefined;
    group.clock.advance(INTERVAL_MS);
    await group.world.tick('a');
    expect(await group.provider.heartbeat('official', [], signal)).toMatchObject({
      assigned: [expect.any(String)],
    });
    expect(await group.checkpoints()).toEqual(group.ends());
    expect(group.world.delivered.toSorted()).toEqual(['0:x', '1:y']);
  });

  it('passes a shard to them and back, each going on where the other was', async () => {
    const group = await setUp(1);
    await group.put('0', 'one');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    group.clock.advance(3 * INTERVAL_MS);
    await group.provider.heartbeat('official', [], signal);
    await group.put('0', 'two');
    await commitAs(group, '0', group.ends()['0']!);
    group.clock.advance(3 * INTERVAL_MS);
    await group.put('0', 'three');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    expect(group.world.delivered).toEqual(['0:one', '0:three']);
    expect(group.events).toContainEqual(expect.objectContaining({ event: 'shard.takenOver', shard: '0' }));
  });

  it('in which they finished a parent lets us begin with its children', async () => {
    const group = await setUp(1);
    await group.provider.join(signal);
    await group.put('0', 'parent');
    await group.provider.heartbeat('official', [], signal);
    await commitAs(group, '0', group.ends()['0']!);
    service!.split('shop', 'orders', 0);
    await group.put('0', 'left');
    await group.put('8', 'right');
    for (let round = 0; round < 8; round++) await group.world.round('a');
    expect(group.world.delivered.toSorted()).toEqual(['1:left', '2:right']);
  });
});

describe('seek in a group that the service keeps', () => {
  it('wins over the checkpoint at the service, also if another slot is next', async () => {
    const group = await setUp(1);
    await group.put('0', 'x');
    for (let round = 0; round < 3; round++) await group.world.round('a');
    await seek(group.store, group.source, { shard: '0', to: { at: 'begin' } }, options);
    group.clock.advance(3 * INTERVAL_MS);
    for (let round = 0; round < 4; round++) await group.world.round('b');
    expect(group.world.delivered).toEqual(['0:x', '0:x']);
    expect(await group.checkpoints()).toEqual(group.ends());
  });
});

describe('a split in a group that the service keeps', () => {
  it.each([
    ['with records', ['p', 'q'], ['0:p', '0:q']],
    ['that is empty', [], []],
  ])('of a shard %s brings the children after the parent', async (_what, contents, parent) => {
    const group = await setUp(1);
    for (let round = 0; round < 3; round++) await group.world.round('a');
    for (const content of contents) await group.put('0', content);
    service!.split('shop', 'orders', 0);
    await group.put('0', 'left');
    await group.put('8', 'right');
    for (let round = 0; round < 9; round++) await group.world.round('a');
    expect(group.world.delivered.slice(0, parent.length)).toEqual(parent);
    expect(group.world.delivered.slice(parent.length).toSorted()).toEqual(['1:left', '2:right']);
  });
});
