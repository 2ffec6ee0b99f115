import { afterEach, describe, expect, it } from 'vitest';
import { shardKey } from '../../lib/group/items.ts';
import { createSlsStream } from '../../lib/sources/sls/stream.ts';
import type { LogRecord, Source } from '../../lib/sources/source.ts';
import { encodeLogGroup, encodeLogGroupList } from '../../local/clients/sls/logGroup.ts';
import { createSlsWriter } from '../../local/clients/sls/writer.ts';
import { type SlsService, startSls } from '../../local/sls/service.ts';
import { optionsFor, type Reply, refusal, serve } from '../sources/sls/support.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { createGroup } from '../support/world.ts';

const { signal } = new AbortController();
const read = { signal, consistent: true };

const MATCH = encodeLogGroupList([
  encodeLogGroup({ logs: [{ timeMs: 1_000, fields: { content: 'match' } }] }),
]);
const cursor = (position: number): string => Buffer.from(String(position)).toString('base64');

/** An answer to PullLogs up to a position; without a body, nothing matched. */
const upTo = (position: number, body: Uint8Array = new Uint8Array(0), headers = {}): Reply => ({
  headers: {
    'x-log-cursor': cursor(position),
    'x-log-count': body.length === 0 ? '0' : '1',
    'x-log-bodyrawsize': String(body.length),
    ...headers,
  },
  body,
});

/** A group on one shard, planned: its next tick pulls, and gets these answers. */
async function setUp(...pulls: Reply[]) {
  const server = await serve(...pulls);
  const source: Source = {
    ...createSlsStream({ ...optionsFor(server), logstores: ['orders'], query: '*' }),
    listShards: async () => [{ id: '0', state: 'open', parents: [] }],
    cursorAt: async () => cursor(0),
  };
  const world = createGroup({ clock: createManualClock(), source });
  for (let round = 0; round < 2; round++) await world.round('a');
  return { world, server };
}

describe('a filter that the service applies', () => {
  it('and that leaves nothing of a batch is committed and read on, in the same tick', async () => {
    const { world, server } = await setUp(
      upTo(1_000),
      upTo(2_000),
      upTo(2_500, MATCH),
      upTo(3_000, undefined, { 'x-log-end-of-cursor': '1' }),
    );
    const batches: string[] = [];
    world.eachBatch = async ({ from, to }) => void batches.push(`${from} ${to}`);
    const [result] = await world.round('a');

    expect(batches).toEqual([`${cursor(2_000)} ${cursor(2_500)}`]);
    expect(world.delivered).toEqual(['0:match']);
    expect(result!.shards).toMatchObject([{ stopped: 'caughtUp', batches: 1, cursor: cursor(3_000) }]);
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ cursor: cursor(3_000) });
    expect(server.received.map(({ query }) => query.cursor)).toEqual([0, 1_000, 2_000, 2_500].map(cursor));
  });

  it('is not scanned twice: what was found empty is past, whatever fails afterwards', async () => {
    const { world } = await setUp(upTo(1_000), refusal(400, 'InvalidParameter'));
    await world.round('a');
    expect(await world.store.get(shardKey('0'), read)).toMatchObject({ cursor: cursor(1_000) });
  });

  it('is logged where it failed: those records are not delivered', async () => {
    const failed = { 'x-log-failedlines': '7', 'x-log-end-of-cursor': '1' };
    const { world } = await setUp(upTo(500, MATCH, failed));
    await world.round('a');
    expect(world.events).toContainEqual(
      expect.objectContaining({ event: 'filter.failed', level: 'warn', shard: '0', records: 7 }),
    );
  });
});

describe('a record that is kept beyond its batch', () => {
  it('can be read until the checkpoint has passed it', async () => {
    const { world } = await setUp(upTo(1_000, MATCH), upTo(2_000, MATCH, { 'x-log-end-of-cursor': '1' }));
    const kept: LogRecord[] = [];
    const read: unknown[] = [];
    world.eachBatch = async ({ records }) => {
      read.push(kept.map(contentOf));
      kept.push(...records);
    };
    await world.round('a');
    expect(read).toEqual([[], ['over']]);
    expect(kept.map(contentOf)).toEqual(['over', 'over']);
  });

  it('can be read if its batch has failed', async () => {
    const { world } = await setUp(upTo(1_000, MATCH), upTo(1_000, MATCH));
    const kept: LogRecord[] = [];
    world.eachBatch = async ({ records }) => {
      kept.push(...records);
      throw new Error('not now');
    };
    await world.round('a');
    expect(kept.map(contentOf)).toEqual(['match']);
  });

  function contentOf(record: LogRecord): string | undefined {
    try {
      return record.get('content');
    } catch (error) {
      return /is over/.test(String(error)) ? 'over' : 'something else';
    }
  }
});

describe('a group over several logstores', () => {
  const account = { accessKeyId: 'id', accessKeySecret: 'secret' };
  let service: SlsService | undefined;
  afterEach(() => service?.close());

  async function setUp() {
    const clock = createManualClock();
    service = await startSls({ accounts: [account], clock });
    service.createProject('shop');
    for (const logstore of ['audit', 'orders']) service.createLogstore('shop', logstore, { shards: 2 });
    const options = {
      endpoint: service.url,
      project: 'shop',
      region: 'local',
      credentials: () => account,
      clock,
      random: createCountingRandom(),
    };
    const world = createGroup({
      clock,
      source: createSlsStream({ ...options, logstores: ['audit', 'orders'] }),
    });
    const put = (logstore: string, hashKey: string, content: string) =>
      createSlsWriter({ ...options, logstore }).putLogs(
        { logs: [{ timeMs: clock.now(), fields: { content } }] },
        { hashKey: hashKey.padEnd(32, '0') },
        signal,
      );
    return { world, put, service };
  }

  it('shares out the shards of all, and says with each batch where it is from', async () => {
    const { world, put } = await setUp();
    await put('orders', '0', 'a');
    await put('orders', '8', 'b');
    await put('audit', '0', 'c');
    await put('audit', '8', 'd');
    const from: unknown[] = [];
    world.eachBatch = async ({ id, shard, tags }) => void from.push([id.split('/')[1], shard, tags.logstore]);
    for (let round = 0; round < 4; round++) await world.round('a', 'b');

    expect(world.delivered.toSorted()).toEqual(['audit:0:c', 'audit:1:d', 'orders:0:a', 'orders:1:b']);
    expect(from.toSorted()).toEqual([
      ['audit:0', 'audit:0', 'audit'],
      ['audit:1', 'audit:1', 'audit'],
      ['orders:0', 'orders:0', 'orders'],
      ['orders:1', 'orders:1', 'orders'],
    ]);
    const results = await world.round('a', 'b');
    expect(results.map(({ shards }) => shards.length)).toEqual([2, 2]);
  });

  it('reads the children of a split after their parent, as in one', async () => {
    const { world, put, service } = await setUp();
    await put('orders', '0', 'before');
    for (let round = 0; round < 2; round++) await world.round('a');
    service.split('shop', 'orders', 0);
    await put('orders', '0', 'after');
    for (let round = 0; round < 6; round++) await world.round('a');
    expect(world.delivered).toEqual(['orders:0:before', 'orders:2:after']);
  });
});
