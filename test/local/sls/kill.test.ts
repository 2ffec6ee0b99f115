import { expect, test } from 'vitest';
import { systemClock } from '../../../lib/runtime.ts';
import { serve } from '../service/child.ts';
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

const ROUNDS = 3;
const ANSWERS = 60;
const WRITERS = 8;
const PADDING = 'x'.repeat(300_000);
const WANTED = ['--project', 'shop', '--logstore', 'orders', '--shards', '2'];

/** Puts one message after another until the service is gone; returns those that were answered, in order. */
async function write(port: number, name: string, onAnswer: () => void): Promise<string[]> {
  const answered: string[] = [];
  for (let number = 0; number < 10_000; number += 1) {
    const message = `${name}/${number}`;
    const answer = await put(clientOf(port), groupOf(`${message} ${PADDING}`)).catch(() => undefined);
    if (answer?.outcome !== '200') return answered;
    answered.push(message);
    onAnswer();
  }
  return answered;
}

async function readAll(port: number, shard: number): Promise<string[]> {
  const client = clientOf(port);
  const read: string[] = [];
  let cursor = await cursorOf(client, shard, 'begin');
  const end = await cursorOf(client, shard, 'end');
  while (cursor !== end) {
    const answer = await pull(client, shard, cursor);
    for (const message of messagesOf(answer.body).flat()) read.push(message.split(' ')[0]!);
    cursor = String(answer.headers['x-log-cursor']);
  }
  return read;
}

test('killed while it is written to, the service has every group of which it answered the put', async () => {
  const data = newDirectory();
  const answered: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = serve('sls', '--data', data, ...WANTED);
    const port = (await child.port)!;
    let answers = 0;
    const onAnswer = (): void => {
      answers += 1;
      if (answers === ANSWERS) child.process.kill('SIGKILL');
    };
    const writers = Array.from({ length: WRITERS }, (_, index) => write(port, `${round}.${index}`, onAnswer));
    answered.push(...(await Promise.all(writers)).flat());
    expect((await child.ended).signal).toBe('SIGKILL');
  }
  expect(answered.length).toBeGreaterThanOrEqual(ROUNDS * ANSWERS);

  const child = serve('sls', '--data', data);
  const port = (await child.port)!;
  const stored = [await readAll(port, 0), await readAll(port, 1)];
  const all = new Set(stored.flat());
  expect(all.size).toBe(stored.flat().length);
  expect(answered.filter((message) => !all.has(message))).toEqual([]);
  // What was in flight may be there, and nothing more than that.
  expect(all.size).toBeLessThanOrEqual(answered.length + ROUNDS * WRITERS);
  for (const shard of stored) {
    for (const writer of new Set(shard.map((message) => message.split('/')[0]))) {
      const numbers = shard
        .filter((message) => message.startsWith(`${writer}/`))
        .map((message) => Number(message.split('/')[1]));
      expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    }
  }
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
