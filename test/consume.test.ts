import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTableDeadLetters } from '../lib/delivery/deadLetters/table.ts';
import { createDynamodbStore } from '../lib/group/stores/dynamodb.ts';
import {
  consume,
  type GroupEvent,
  type Logger,
  type LogRecord,
  type OnEvent,
  type RecordContext,
} from '../lib/index.ts';
import { systemClock, systemRandom } from '../lib/runtime.ts';
import { createMemorySource } from '../lib/testing/memorySource.ts';
import { letterOf } from './support/letters.ts';
import { type LocalTable, startLocalTable } from './support/localTable.ts';
import { ticksBefore } from './support/ticksBefore.ts';

const settings = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SLOTS: '2',
};
const module = { eachBatch: () => {} };
/** What is left, as the platform says each time that it is asked; the last answer stays. */
const contextWith = (...remainingMs: number[]): Context => {
  const left = [...remainingMs];
  return { getRemainingTimeInMillis: () => (left.length > 1 ? left.shift() : left[0]) } as Context;
};
/** Takes every event, with its fields. */
const keeping = (events: [string, object | undefined][], fields: object = {}): Logger => {
  const keep = (event: string, more?: object) => void events.push([event, { ...fields, ...more }]);
  return {
    debug: keep,
    info: keep,
    warn: keep,
    error: keep,
    with: (more) => keeping(events, { ...fields, ...more }),
  };
};

const environment = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, {
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
});
afterEach(() => {
  process.env = { ...environment };
});

describe('a function that consumes a source of its own', () => {
  let table: LocalTable;
  beforeEach(async () => {
    table = await startLocalTable('shardbeat');
    process.env.AWS_ENDPOINT_URL_DYNAMODB = table.service.endpoint;
  });
  afterEach(() => table.close());

  it('joins its group with the stream that its tags name, and needs no settings of another', async () => {
    const source = { ...createMemorySource(), tags: { source: 'memory', cluster: 'c1', topic: 'orders' } };
    const events: [string, object | undefined][] = [];
    const handler = consume(module, { environment: settings, source, logger: keeping(events) });
    const result = await handler({ slot: 'consumer-0' }, contextWith(48_000));
    expect(result).toMatchObject({ outcome: 'worked', slot: 'consumer-0', tick: 1 });
    const other = consume(module, {
      environment: settings,
      source: { ...source, tags: { source: 'memory', cluster: 'c1', topic: 'payments' } },
      logger: keeping(events),
    });
    expect(await other({ slot: 'consumer-1' }, contextWith(48_000))).toMatchObject({ outcome: 'disagrees' });
    expect(events).toContainEqual([
      'settings.disagree',
      expect.objectContaining({
        group: 'orders',
        differences: expect.arrayContaining([expect.stringContaining('memory://c1/payments')]),
      }),
    ]);
  });

  it('ticks at once for whoever rings, and does not linger for it', async () => {
    const lingering = { ...settings, SHARDBEAT_LINGER: 'max', SHARDBEAT_SLOTS: '1' };
    const handler = consume(module, { environment: lingering, source: createMemorySource() });
    const answer = await handler({ ring: {} }, contextWith(4_000));
    expect(answer).toEqual({ rung: [expect.objectContaining({ slot: 'consumer-0', outcome: 'worked' })] });
    expect(answer).not.toHaveProperty('rung.0.lingerMs');
    await expect(handler({ ring: { slot: 'consumer-1' } }, contextWith(1_500))).rejects.toThrow(
      /^event\.slot: "consumer-1" cannot be used: the group has consumer-0/,
    );
  });

  it('does no work where a run is not ended at its timeout, and says so each time', async () => {
    const managed = { ...settings, AWS_LAMBDA_INITIALIZATION_TYPE: 'lambda-managed-instances' };
    const handler = consume(module, { environment: managed, source: createMemorySource() });
    for (const event of [{ slot: 'consumer-0' }, { redrive: {} }]) {
      await expect(handler(event, contextWith(48_000))).rejects.toThrow(/without a capacity provider/);
    }
    expect(table.service.usage().requests).toBe(0);
  });

  it('gives dead letters once more when it is told to, within its time and beside all ticks', async () => {
    const { client } = table;
    const at = { client, table: 'shardbeat', group: 'orders', clock: systemClock, random: systemRandom };
    const letters = createTableDeadLetters({ ...at, now: Date.now, lettersMax: 10 });
    const { signal } = new AbortController();
    await letters.put([letterOf(0), letterOf(1, { shard: '1' })], { signal });
    const events: [string, object | undefined][] = [];
    const seen: unknown[] = [];
    const eachRecord = (record: LogRecord, { batch, remainingMs }: RecordContext) => {
      seen.push([record.id, batch.redriven, remainingMs() > 10_000 && remainingMs() < 48_000]);
    };
    const handler = consume(
      { eachRecord },
      { environment: settings, source: createMemorySource(), logger: keeping(events) },
    );
    const redrive = { shard: '1', olderThan: '1ms' };
    expect(await handler({ redrive: { ...redrive, dryRun: true } }, contextWith(48_000))).toMatchObject({
      found: 1,
      left: 2,
    });
    expect(await handler({ redrive }, contextWith(48_000))).toEqual({
      ...{ dryRun: false, found: 1, redriven: 1, failed: 0, skipped: 0, left: 1, stopped: 'done' },
    });
    expect(seen).toEqual([['1/7/1', true, true]]);
    expect(events.map(([event]) => event)).toEqual(['redrive.ended', 'redrive.succeeded', 'redrive.ended']);
    // It has no slot, and needs none: the group need not even be there.
    const group = createDynamodbStore({ ...at, client });
    expect((await group.readAll({ signal, consistent: true })).group).toBeUndefined();
    expect(await handler({ redrive: {} }, contextWith(100))).toMatchObject({
      redriven: 0,
      stopped: 'timeUp',
    });
    await expect(handler({ redrive: { shards: '1' } } as never, contextWith(48_000))).rejects.toThrow(
      'event.redrive: "shards" cannot be used: there is no such filter',
    );
  });

  it('measures every tick, also one that throws, with what the table was asked', async () => {
    const lines: string[] = [];
    const write = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => lines.push(String(text)) > 0);
    const measured = () =>
      lines.splice(0).flatMap((line) => (line.includes('tick.metrics') ? [JSON.parse(line)] : []));
    const source = createMemorySource();
    source.append('0', { a: 'b' });
    const handler = consume(module, { environment: { ...settings, SHARDBEAT_LOG_LEVEL: 'error' }, source });
    await handler({ slot: 'consumer-0' }, contextWith(48_000));
    await handler({ slot: 'consumer-0' }, contextWith(48_000));
    const [first, second] = measured();
    expect(first).toMatchObject({ group: 'orders', slot: 'consumer-0', ticks: 1, coldStarts: 1 });
    expect(first.readUnits).toBeGreaterThan(0);
    expect(second).toMatchObject({ ticks: 1, busyTicks: 1, refusedConditions: 1 });
    expect(second).not.toHaveProperty('coldStarts');
    await table.service.close();
    const throwing = handler({ slot: 'consumer-1' }, contextWith(48_000));
    await expect(throwing).rejects.toMatchObject({ name: 'StoreError' });
    const [thrown] = measured();
    expect(thrown).toMatchObject({ slot: 'consumer-1', ticks: 1, thrownTicks: 1 });
    expect(thrown.tableFailures).toBeGreaterThan(1);
    expect(thrown).not.toHaveProperty('batches');
    write.mockRestore();
  });

  it('measures each shard, too, where that is wanted, and how long the service keeps what is there', async () => {
    const lines: string[] = [];
    const write = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => lines.push(String(text)) > 0);
    const day = 86_400_000;
    const source = { ...createMemorySource(), retentionMs: async () => day };
    for (const agoMs of [140_000, 70_000]) await ticksBefore(table, { source: source, settings }, agoMs);
    source.append('0', { a: 'b' });
    const environment = { ...settings, SHARDBEAT_METRICS: 'shard', SHARDBEAT_LOG_LEVEL: 'error' };
    await consume(module, { environment, source })({ slot: 'consumer-0' }, contextWith(48_000));
    write.mockRestore();
    const measured = lines.map((line) => JSON.parse(line));
    expect(measured).toMatchObject([
      { slot: 'consumer-0', ticks: 1, records: 1, lagMs: 0, retentionLeftMs: day },
      { slot: 'consumer-0', shard: '0', records: 1, lagMs: 0, retentionLeftMs: day },
    ]);
    expect(measured[0]._aws.CloudWatchMetrics[0].Metrics[0]).toHaveProperty('StorageResolution', 1);
  });

  it('tells what has happened at the end of the tick, to the module and to the bus', async () => {
    const sent: unknown[] = [];
    const bus = createServer(async (request, response) => {
      const { Entries } = JSON.parse(await text(request));
      sent.push(...Entries);
      response.end(JSON.stringify({ Entries: Entries.map(() => ({ EventId: '1' })) }));
    });
    await once(bus.listen(0, '127.0.0.1'), 'listening');
    const { port } = bus.address() as AddressInfo;
    const seen: [GroupEvent, number][] = [];
    const onEvent: OnEvent = (event, { remainingMs }) => void seen.push([event, remainingMs()]);
    const endpoint = `http://127.0.0.1:${port}`;
    const environment = { ...settings, SHARDBEAT_EVENT_BUS: 'shop', AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint };
    const source = createMemorySource();
    for (const agoMs of [140_000, 70_000]) await ticksBefore(table, { source: source, settings }, agoMs);
    const handler = consume({ ...module, onEvent }, { environment, source });
    await handler({ slot: 'consumer-0' }, contextWith(48_000));
    expect(seen).toHaveLength(1);
    const [[event, remainingMs]] = seen as [[GroupEvent, number]];
    expect(event).toMatchObject({ type: 'assigned', group: 'orders', slot: 'consumer-0', shard: '0' });
    // What is kept free at the end of a tick's work is its own.
    expect(remainingMs).toBeGreaterThan(46_000);
    expect(sent).toEqual([expect.objectContaining({ DetailType: 'assigned', EventBusName: 'shop' })]);
    bus.close();
  });

  it('tells a logger of the user’s, the one it is given or else that of the module', () => {
    const source = createMemorySource();
    const ofModule: [string, object | undefined][] = [];
    const given: [string, object | undefined][] = [];
    const own = { eachBatch: () => {}, logger: keeping(ofModule) };
    const environment = { ...settings, SHARDBEAT_SLS_PROJECT: 'shop' };
    consume(own, { environment, source });
    const told = [
      'settings.unknown',
      expect.objectContaining({ event: 'settings.unknown', group: 'orders' }),
    ];
    expect(ofModule).toEqual([told]);
    ofModule.length = 0;
    const options = { environment, source, logger: keeping(given) };
    consume(own, options);
    expect(given).toEqual([told]);
    expect(ofModule).toEqual([]);
    const none = { ...options, logger: { info: () => {} } as never };
    expect(() => consume(own, none)).toThrow(
      expect.objectContaining({ name: 'SettingsError', field: 'logger' }),
    );
  });

  it('takes middleware, which sees the event before and the result after', async () => {
    const seen: unknown[] = [];
    const handler = consume(module, { environment: settings, source: createMemorySource() }).use({
      before: (request) => {
        // Such as an event of a doorbell.
        request.event = { slot: 'consumer-1' };
      },
      after: ({ response }) => void seen.push(response?.slot),
    });
    await handler({} as { slot: string }, contextWith(48_000));
    expect(seen).toEqual(['consumer-1']);
  });
});

describe('a function whose run is given up', () => {
  it('stops at once, whatever it waits for', async () => {
    const closed: Promise<void>[] = [];
    const server = createServer(({ socket }) => {
      closed.push(new Promise((resolve) => socket.once('close', () => resolve())));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const handler = consume(module, { environment: settings, source: createMemorySource() });
    // Long enough by the time that the tick goes by; middy's own timer is at its end as soon as a request was sent.
    const answer = handler({ slot: 'consumer-0' }, contextWith(48_000, 500));
    await expect(answer).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(closed).toHaveLength(1);
    const givenUpAt = performance.now();
    await closed[0];
    // Its own time for an attempt is 3 s.
    expect(performance.now() - givenUpAt).toBeLessThan(1_500);
    server.closeAllConnections();
    server.close();
  });
});

describe('what cannot work is refused when the module is loaded', () => {
  const source = createMemorySource();
  const { SHARDBEAT_GROUP: _group, ...incomplete } = settings;

  it.each([
    ['no setting', incomplete, source, 'SHARDBEAT_GROUP'],
    ['no source', settings, undefined, 'SHARDBEAT_SOURCE'],
    ['two sources', { ...settings, SHARDBEAT_SOURCE: 'sls' }, source, 'SHARDBEAT_SOURCE'],
    [
      'the service’s own group',
      { ...settings, SHARDBEAT_COORDINATION: 'service' },
      source,
      'SHARDBEAT_COORDINATION',
    ],
    ['no source at all', settings, {} as typeof source, 'source'],
    ['a source without a name', settings, { ...source, kind: 'Kafka!' }, 'source.kind'],
  ])('%s', (_what, environment, source, field) => {
    const consuming = () => consume(module, { environment, ...(source && { source }) });
    expect(consuming).toThrow(expect.objectContaining({ name: 'SettingsError', field }));
  });

  it('a module without the user’s function', () => {
    const consuming = () => consume({} as typeof module, { environment: settings, source });
    expect(consuming).toThrow(expect.objectContaining({ name: 'SettingsError', field: 'module' }));
  });
});

it('a setting of another source is told of', () => {
  const events: [string, object | undefined][] = [];
  const environment = { ...settings, SHARDBEAT_SLS_PROJECT: 'shop', SHARDBEAT_COUNT_MAX: '10' };
  consume(module, { environment, source: createMemorySource(), logger: keeping(events) });
  expect(events).toEqual([
    ['settings.unknown', expect.objectContaining({ group: 'orders', name: 'SHARDBEAT_SLS_PROJECT' })],
  ]);
});
