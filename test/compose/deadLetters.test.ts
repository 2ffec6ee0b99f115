import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDeadLetters } from '../../lib/compose/deadLetters.ts';
import { readDeadLetters } from '../../lib/config/deadLetters.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { deriveTimes } from '../../lib/times.ts';
import { account } from '../support/awsService.ts';
import { collected, letterOf } from '../support/letters.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';
import { startS3Service } from '../support/s3Service.ts';
import { startSqsService } from '../support/sqsService.ts';

const options = { signal: new AbortController().signal };
let local: LocalTable;
beforeEach(async () => {
  local = await startLocalTable('shardbeat');
});
afterEach(() => local.close());

/** By what is written, over the credentials of whoever reads the table. */
function storeAt(text: string, lettersMax = 10, endpoint?: string) {
  const read = {
    SHARDBEAT_DEAD_LETTERS: text,
    SHARDBEAT_DEAD_LETTERS_MAX: lettersMax,
    AWS_ENDPOINT_URL: endpoint,
  };
  const of = {
    table: 'shardbeat',
    group: 'orders',
    times: deriveTimes(60_000),
    deadLetters: readDeadLetters(read),
  };
  const others = Object.assign(Object.create(local.client), { config: account });
  const client = text === 'table' ? local.client : others;
  return createDeadLetters(of, { client, skewMs: () => 0, clock, random });
}

it('the table is where dead letters are, unless told otherwise', async () => {
  const store = storeAt('table', 1);
  expect(await store.put([letterOf(0), letterOf(1)], options)).toBe('full');
  expect(await store.count(options)).toBe(1);
});

it('a bucket is, by its prefix, and by the account of the table', async () => {
  const s3 = await startS3Service();
  const store = storeAt('s3://letters/dead', 10, s3.url);
  expect(await store.put([letterOf(0)], options)).toBe('kept');
  expect([...s3.objects.keys()]).toEqual(['letters/dead/orders/0/0!2f7!2f0.json']);
  expect(await collected(store.list({}, options))).toHaveLength(1);
  await s3.close();
});

it('a queue is, by its URL, and by the account of the table', async () => {
  const sqs = await startSqsService();
  sqs.clock = clock;
  const store = storeAt(`${sqs.url}/123456789012/orders.fifo`);
  expect(await store.put([letterOf(0)], options)).toBe('kept');
  expect(sqs.messages).toHaveLength(1);
  await sqs.close();
});
