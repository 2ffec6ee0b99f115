import { expect, test } from 'vitest';
import { systemClock } from '../../../lib/runtime.ts';
import { startCls } from '../../../local/cls/service.ts';
import { serve } from '../service/child.ts';
import { expectAnsweredIsKept } from '../service/kill.ts';
import { newDirectory } from '../service/support.ts';
import { clientOf } from './child.ts';
import { beat, commit, createGroup, LOGSET, pull, put, putByKey, TOPIC } from './support.ts';

const WANTED = ['--logset', LOGSET, '--topic', TOPIC, '--partitions', '2'];

async function readAll(port: number, partition: number): Promise<string[]> {
  const read: string[] = [];
  for (let offset = 0n; ; ) {
    const { messages, next } = await pull(clientOf(port), partition, offset, { Size: 10 * 1024 ** 2 });
    if (next === offset) return read;
    for (const message of messages.flat()) read.push(message);
    offset = next;
  }
}

test('killed while it is written to, the service has every message of which it answered the put', async () => {
  await expectAnsweredIsKept({
    service: 'cls',
    wanted: WANTED,
    rounds: 2,
    put: async (port, message) => (await put(clientOf(port), [message])).outcome === '200',
    readAll: (port) => Promise.all([1, 2].map((partition) => readAll(port, partition))),
  });
}, 120_000);

test('killed after it answered, the service has offsets, consumers, splits and deletions as well', async () => {
  const data = newDirectory();
  const child = serve('cls', '--data', data, ...WANTED, '--first-offset', '9007199254740993');
  const client = clientOf((await child.port)!);
  await createGroup(client);
  await createGroup(client, 'gone');
  expect(await beat(client, 'a', [])).toEqual([1, 2]);
  expect((await putByKey(client, '0', 'a', 'b')).outcome).toBe('200');
  const { next } = await pull(client, 1, -1);
  expect((await commit(client, 'a', { 1: next })).outcome).toBe('200');
  await client.act('SplitPartition', { TopicId: TOPIC, PartitionId: 2, Number: 2 });
  await client.act('DeleteConsumerGroup', { LogsetId: LOGSET, ConsumerGroup: 'gone' });
  await child.kill();

  const service = await startCls({ accounts: [], clock: systemClock, data });
  expect(service.endOffsets(TOPIC)[`${TOPIC}:1`]).toBe('9007199254740995');
  expect(service.contents()[LOGSET]?.[TOPIC]).toHaveLength(4);
  expect(service.consumerGroup(LOGSET, 'workers')).toMatchObject({
    timeoutSec: 60,
    consumers: { a: [`${TOPIC}:1`, `${TOPIC}:2`] },
    offsets: { [`${TOPIC}:1`]: '9007199254740995' },
  });
  expect(() => service.consumerGroup(LOGSET, 'gone')).toThrow('does not exist');
  await service.close();
});
