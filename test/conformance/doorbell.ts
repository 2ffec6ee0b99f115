import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kept } from '../../lib/delivery/deadLetters/kept.ts';
import { writeLetter } from '../../lib/delivery/deadLetters/letterText.ts';
import { createSqsQueue, type SqsQueue } from '../../lib/delivery/deadLetters/sqsQueue.ts';
import { consumerKey } from '../../lib/group/items.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { type Consumer, consume, type Logger, type LogRecord } from '../../lib/index.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { createMemorySource, type MemorySource } from '../../lib/testing/memorySource.ts';
import { account } from '../support/awsService.ts';
import { type EventSourceMapping, mapQueue, type Polled } from '../support/eventSourceMapping.ts';
import { letterOf } from '../support/letters.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';
import { ticksBefore } from '../support/ticksBefore.ts';

/** A queue that is empty. */
export interface RingingQueue {
  url: string;
  /** Until what was received, and not deleted, can be received again. */
  pass(seconds: number): Promise<void>;
}

/** Longer than the poller waits for the next message, so that what it leaves does not come again meanwhile. */
const VISIBILITY_SECONDS = 5;
const { signal } = new AbortController();
const context = (): Context => ({ getRemainingTimeInMillis: () => 48_000 }) as Context;
const environment = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SLOTS: '2',
  SHARDBEAT_DOORBELL: 'true',
};

/** A function that is rung by a queue, which a poller of Lambda's kind reads; with the table behind HTTP, and a stream in memory. */
export function describeDoorbell(name: string, open: () => Promise<RingingQueue>): void {
  describe(`a function that is rung by ${name}`, () => {
    const before = { ...process.env };
    let table: LocalTable;
    let queue: SqsQueue;
    let ringing: RingingQueue;
    let source: MemorySource;
    let mapping: EventSourceMapping;
    let given: string[];
    let told: [string, object | undefined][];
    let onRecord: (record: LogRecord) => void | Promise<void>;
    let handler: Consumer;

    beforeEach(async () => {
      table = await startLocalTable('shardbeat');
      Object.assign(process.env, {
        ...{ AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
        AWS_ENDPOINT_URL_DYNAMODB: table.service.endpoint,
      });
      ringing = await open();
      queue = createSqsQueue({ url: ringing.url, account, clock, random });
      source = createMemorySource({ shards: ['0', '1'] });
      [given, told, onRecord] = [[], [], () => {}];
      const keep = (event: string, fields?: object) => void told.push([event, fields]);
      const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, with: () => logger };
      const eachRecord = async (record: LogRecord): Promise<void> => {
        given.push(record.get('content')!);
        await onRecord(record);
      };
      handler = consume({ eachRecord }, { environment, source, logger });
      mapping = mapQueue(queue, handler, { context, visibilitySeconds: VISIBILITY_SECONDS });
    });
    afterEach(async () => {
      process.env = { ...before };
      await table.close();
    });

    const ring = (...texts: string[]) =>
      Promise.all(texts.map((text) => queue.send(text, `${text}/${random.nonce()}`, { signal })));
    /** The group is there, and both of its slots have a shard. */
    const begin = async (): Promise<void> => {
      const of = { source, settings: environment, slots: ['consumer-0', 'consumer-1'] };
      for (const agoMs of [190_000, 130_000, 70_000]) await ticksBefore(table, of, agoMs);
    };
    const left = async (): Promise<number> => (await queue.attributes({ signal })).messages;
    const events = (name: string) => told.filter(([event]) => event === name).map(([, fields]) => fields);
    const tickOfSlot = async (slot: string): Promise<number> => {
      const store = createDynamodbStore({ ...at(table), clock, random });
      return (await store.get(consumerKey(slot), { signal, consistent: true }))!.tick;
    };

    it('gives what has come at once, whichever slot has its shard', async () => {
      await begin();
      source.append('0', 'a');
      source.append('1', 'b');
      await ring('there is something');
      expect(await mapping.poll()).toEqual([{ taken: ['there is something'], left: [] }]);
      expect(given.sort()).toEqual(['a', 'b']);
      expect(await left()).toBe(0);
    });

    it('ticks once for a burst, in the slot that is named', async () => {
      await begin();
      const before = await Promise.all(['consumer-0', 'consumer-1'].map(tickOfSlot));
      await ring(...Array.from({ length: 10 }, () => '{"slot":"consumer-1"}'));
      const batches = await mapping.poll();
      expect(batches.flatMap(({ taken }) => taken)).toHaveLength(10);
      const after = await Promise.all(['consumer-0', 'consumer-1'].map(tickOfSlot));
      expect(after[0]).toBe(before[0]);
      // As many as there were batches, which the queue decides.
      expect(after[1]).toBe(before[1]! + batches.length);
      expect(batches.length).toBeLessThan(10);
    });

    it('takes a ring that finds the slot at work, and the run there gives what has come meanwhile', async () => {
      await begin();
      const entered = Promise.withResolvers<void>();
      const leave = Promise.withResolvers<void>();
      onRecord = async () => {
        entered.resolve();
        await leave.promise;
      };
      source.append('0', 'a');
      source.append('1', 'a');
      const ticks = Promise.all(['consumer-0', 'consumer-1'].map((slot) => handler({ slot }, context())));
      await entered.promise;
      await ring('{"slot":"consumer-0"}', '{"slot":"consumer-1"}');
      const batches = await mapping.poll();
      expect(batches.flatMap(({ taken }) => taken)).toHaveLength(2);
      source.append('0', 'b');
      source.append('1', 'b');
      leave.resolve();
      await ticks;
      expect(given).toEqual(['a', 'a', 'b', 'b']);
    });

    it('takes what nobody could understand, and says what to write', async () => {
      await begin();
      await ring('{"slot":"consumer-7"}');
      expect(await mapping.poll()).toEqual([{ taken: ['{"slot":"consumer-7"}'], left: [] }]);
      expect(events('ring.unknown')).toEqual([expect.objectContaining({ by: 'sqs' })]);
      expect(await left()).toBe(0);
    });

    it('leaves the messages of a tick that threw, and they come again; others are taken', async () => {
      await begin();
      source.append('0', 'a');
      source.append('1', 'b');
      await table.service.close();
      await ring('come', '{"slot":"consumer-7"}');
      expect(sorted(await mapping.poll())).toEqual({ taken: ['{"slot":"consumer-7"}'], left: ['come'] });
      expect(given).toEqual([]);
      await ringing.pass(VISIBILITY_SECONDS);
      expect(sorted(await mapping.poll())).toEqual({ taken: [], left: ['come'] });
    });

    it('wakes nobody for what it has sent itself, and takes no dead letter out of the queue', async () => {
      await begin();
      const before = await Promise.all(['consumer-0', 'consumer-1'].map(tickOfSlot));
      const letter = writeLetter(kept(letterOf(0)));
      const event = JSON.stringify({ 'detail-type': 'shard.claimed', source: 'shardbeat', detail: {} });
      await ring(letter, event);
      expect(sorted(await mapping.poll())).toEqual({ taken: [event], left: [letter] });
      expect(await Promise.all(['consumer-0', 'consumer-1'].map(tickOfSlot))).toEqual(before);
      expect(events('ring.own')).toHaveLength(2);
    });
  });
}

const at = ({ client }: LocalTable) => ({ client, table: 'shardbeat', group: 'orders' });

/** However many batches the queue has made of it. */
function sorted(batches: readonly Polled[]): Polled {
  return {
    taken: batches.flatMap(({ taken }) => taken).sort(),
    left: batches.flatMap(({ left }) => left).sort(),
  };
}
