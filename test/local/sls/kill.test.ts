import { expect, test } from 'vitest';
import { systemClock } from '../../../lib/runtime.ts';
import { serve } from '../service/child.ts';
import { expectAnsweredIsKept } from '../service/kill.ts';
import { clientOf } from './child.ts';
import { json } from './json.ts';
import {
  contentsOf,
  cursorOf,
  decimal,
  groupOf,
  messagesOf,
  newDirectory,
  openBench,
  pull,
  put,
} from './support.ts';

const WANTED = ['--project', 'shop', '--logstore', 'orders', '--shards', '2'];

async function readAll(port: number, shard: number): Promise<string[]> {
  const client = clientOf(port);
  const read: string[] = [];
  let cursor = await cursorOf(client, shard, 'begin');
  const end = await cursorOf(client, shard, 'end');
  while (cursor !== end) {
    const answer = await pull(client, shard, cursor);
    for (const message of messagesOf(answer.body).flat()) read.push(message);
    cursor = String(answer.headers['x-log-cursor']);
  }
  return read;
}

test('killed while it is written to, the service has every group of which it answered the put', async () => {
  await expectAnsweredIsKept({
    service: 'sls',
    wanted: WANTED,
    rounds: 3,
    put: async (port, message) => (await put(clientOf(port), groupOf(message))).outcome === '200',
    readAll: (port) => Promise.all([0, 1].map((shard) => readAll(port, shard))),
  });
}, 120_000);

test('killed after it answered, the service has checkpoints, splits and deletions as well', async () => {
  const data = newDirectory();
  const child = serve('sls', '--data', data, ...WANTED);
  const client = clientOf((await child.port)!);
  const groups = '/logstores/orders/consumergroups';
  await json(client, 'POST', groups, { consumerGroup: 'g', timeout: 600, order: false });
  await json(client, 'POST', `${groups}/g`, [], { type: 'heartbeat', consumer: 'a' });
  await put(client, groupOf('a'), { path: '/logstores/orders/shards/route', query: { key: '0' } });
  const checkpoint = await cursorOf(client, 0, 'end');
  const query = { type: 'checkpoint', consumer: 'a', forceSuccess: 'false' };
  expect((await json(client, 'POST', `${groups}/g`, { shard: 0, checkpoint }, query)).outcome).toBe('200');
  const split = { action: 'split', shardCount: '2' };
  await client.call({ method: 'POST', path: '/logstores/orders/shards/1', query: split });
  await child.kill();

  const bench = await openBench(
    { ...systemClock, advance: () => {} },
    {
      data,
      accounts: [{ accessKeyId: 'test-id', accessKeySecret: 'test-secret' }],
    },
  );
  expect(await contentsOf(bench, 0)).toEqual(['a']);
  const [first] = (await bench.call({ path: `${groups}/g` })).json;
  expect(first).toMatchObject({ shard: 0, checkpoint, consumer: 'a' });
  expect(decimal(await cursorOf(bench, 0, 'end'))).toBe(decimal(checkpoint));
  expect(bench.service.contents().shop?.orders).toHaveLength(4);
});
