import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consume, type Logger } from '../lib/index.ts';
import { createMemorySource } from '../lib/testing/memorySource.ts';
import { type LocalTable, startLocalTable } from './support/localTable.ts';

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
