/** A dead letter whose record the function has writes for: they are done if and only if the letter goes. */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetterStore } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { createMemoryDeadLetters } from '../../lib/delivery/deadLetters/memory.ts';
import { createTableDeadLetters } from '../../lib/delivery/deadLetters/table.ts';
import { redrive } from '../../lib/delivery/redrive.ts';
import { userFunctionsOf } from '../../lib/delivery/userFunctions.ts';
import type { EachBatch } from '../../lib/delivery/userModule.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { noTracing } from '../../lib/observe/tracing.ts';
import { createGroupTable } from '../../local/groupTable.ts';
import { createCountingRandom, createManualClock } from '../support/clock.ts';
import { additions, COUNTERS_TABLE } from '../support/counters.ts';
import { collected, letterOf } from '../support/letters.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

const never = new AbortController().signal;
const options = { signal: never };
const clock = createManualClock();
const { now } = clock;
const logger = createLogger({ level: 'error', write: () => {}, now });
const counts: EachBatch = () => ({ writes: additions({ red: 1 }) });

const redriven = (deadLetters: DeadLetterStore, eachBatch: EachBatch = counts) =>
  redrive(
    {
      ...{ deadLetters, deliver: userFunctionsOf({ eachBatch }).deliver, source: undefined, group: 'orders' },
      ...{ clock, now, logger, tracing: noTracing },
    },
    {},
    { workUntil: Number.POSITIVE_INFINITY, work: never, requests: never },
  );

describe('with the dead letters in the table', () => {
  let local: LocalTable;
  let letters: DeadLetterStore;
  /** By a clock for which every lease is over. */
  let fast: DeadLetterStore;
  beforeAll(async () => {
    local = await startLocalTable('unused');
    await createGroupTable(local.client, COUNTERS_TABLE);
  });
  afterAll(() => local.close());
  beforeEach(async (context) => {
    const table = `letters-${context.task.id}`;
    await createGroupTable(local.client, table);
    const of = { client: local.client, table, group: 'orders', lettersMax: 100 };
    const random = createCountingRandom();
    letters = createTableDeadLetters({ ...of, clock, random, now });
    fast = createTableDeadLetters({ ...of, clock, random, now: () => now() + 3_600_000 });
    await letters.put([letterOf(0), letterOf(1)], options);
  });

  const red = async (): Promise<number> => {
    const Key = { pk: { S: 'red' }, sk: { S: 'count' } };
    const { Item } = await local.client.send(new GetItemCommand({ TableName: COUNTERS_TABLE, Key }));
    return Number(Item?.count?.N ?? 0);
  };

  it('letter and writes are one', async () => {
    const before = await red();
    expect(await redriven(letters)).toMatchObject({ redriven: 2, left: 0 });
    expect(await red()).toBe(before + 2);
  });

  it('what the writes refuse stays, and is told why', async () => {
    const refused = await redriven(letters, () => ({ writes: additions({ red: 1 }, -1) }));
    // Of a counter that is not there yet, nothing is refused.
    expect(refused).toMatchObject({ redriven: 0, failed: 2, left: 2 });
    const [letter] = await collected(letters.list({}, options));
    expect(letter?.redriveMessage).toMatch(/^WritesError: writes\[0\] \(Update in "counters"\)/);
  });

  it('who has lost the letter writes nothing', async () => {
    const before = await red();
    const outcome = await redriven(letters, async (batch) => {
      const [id] = Array.from(batch.records, (record) => record.id);
      for await (const claim of fast.claims({ id }, { ...options, leaseMs: 60_000 }))
        expect(claim).not.toBe('taken');
      return counts(batch, {} as never);
    });
    expect(outcome).toMatchObject({ redriven: 0, skipped: 2, left: 2 });
    expect(await red()).toBe(before);
  });
});

it('elsewhere it fails, and says where that can be', async () => {
  const letters = createMemoryDeadLetters({ letters: new Map(), lettersMax: 10, now });
  await letters.put([letterOf(0)], options);
  expect(await redriven(letters)).toMatchObject({ redriven: 0, failed: 1, left: 1 });
  const [letter] = await collected(letters.list({}, options));
  expect(letter?.redriveMessage).toMatch(/one write only where the dead letters are in the table/);
});
