import { expect, test } from 'vitest';
import { systemClock } from '../../../lib/runtime.ts';
import { startCls } from '../../../local/cls/service.ts';
import { serve } from '../service/child.ts';
import { newDirectory } from '../service/support.ts';
import { clientOf } from './child.ts';
import { beat, commit, createGroup, LOGSET, pull, put, putByKey, TOPIC } from './support.ts';

const ROUNDS = 2;
const ANSWERS = 60;
const WRITERS = 8;
const PADDING = 'x'.repeat(300_000);
const WANTED = ['--logset', LOGSET, '--topic', TOPIC, '--partitions', '2'];
const PARTITIONS = [1, 2];

/** Puts one message after another until the service is gone; returns those that were answered, in order. */
async function write(port: number, name: string, onAnswer: () => void): Promise<string[]> {
  const answered: string[] = [];
  for (let number = 0; number < 10_000; number += 1) {
    const message = `${name}/${number}`;
    const answer = await put(clientOf(port), [`${message} ${PADDING}`]).catch(() => undefined);
    if (answer?.outcome !== '200') return answered;
    answered.push(message);
    onAnswer();
  }
  return answered;
}

async function readAll(port: number, partition: number): Promise<string[]> {
  const read: string[] = [];
  for (let offset = 0n; ; ) {
    const { messages, next } = await pull(clientOf(port), partition, offset, { Size: 10 * 1024 ** 2 });
    if (next === offset) return read;
    for (const message of messages.flat()) read.push(message.split(' ')[0]!);
    offset = next;
  }
}

test('killed while it is written to, the service has every message of which it answered the put', async () => {
  const data = newDirectory();
  const answered: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = serve('cls', '--data', data, ...WANTED);
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

  const child = serve('cls', '--data', data);
  const port = (await child.port)!;
  const stored = await Promise.all(PARTITIONS.map((partition) => readAll(port, partition)));
  const all = new Set(stored.flat());
  expect(all.size).toBe(stored.flat().length);
  expect(answered.filter((message) => !all.has(message))).toEqual([]);
  // What was in flight may be there, and nothing more than that.
  expect(all.size).toBeLessThanOrEqual(answered.length + ROUNDS * WRITERS);
  for (const partition of stored) {
    for (const writer of new Set(partition.map((message) => message.split('/')[0]))) {
      const numbers = partition
        .filter((message) => message.startsWith(`${writer}/`))
        .map((message) => Number(message.split('/')[1]));
      expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    }
  }
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
