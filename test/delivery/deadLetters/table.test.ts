import { createCipheriv } from 'node:crypto';
import { DeleteItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetterStore, LetterFilter } from '../../../lib/delivery/deadLetters/deadLetters.ts';
import { createTableDeadLetters } from '../../../lib/delivery/deadLetters/table.ts';
import { createDynamodbStore } from '../../../lib/group/stores/dynamodb.ts';
import { systemRandom as random, systemClock } from '../../../lib/runtime.ts';
import { createGroupTable } from '../../../local/groupTable.ts';
import { describeDeadLetters } from '../../conformance/deadLetters.ts';
import { createManualClock, type ManualClock } from '../../support/clock.ts';
import { collected, letterOf } from '../../support/letters.ts';
import { type LocalTable, startLocalTable } from '../../support/localTable.ts';

const options = { signal: new AbortController().signal };
const HOUR_MS = 3_600_000;
/** After this, nobody who took a place is still about to put a letter there. */
const SETTLED_MS = 300_000;
const isCorrection = ({ input }: UpdateItemCommand): boolean =>
  Object.values(input.ExpressionAttributeNames ?? {}).includes('countedAt') &&
  !/ADD/.test(input.UpdateExpression ?? '');

describe('dynalite', () => {
  let local: LocalTable;
  let tables = 0;
  beforeAll(async () => {
    local = await startLocalTable('unused');
  });
  afterAll(() => local.close());

  async function stage() {
    const table = `letters-${tables++}`;
    await createGroupTable(local.client, table);
    const clock = createManualClock();
    const { now } = clock;
    const open = (group: string, lettersMax: number) =>
      createTableDeadLetters({
        client: local.client,
        table,
        group,
        clock: systemClock,
        random,
        now,
        lettersMax,
      });
    return { table, clock, open };
  }

  describeDeadLetters('the table of the group', stage);

  describe('in the table of the group', () => {
    let table: string;
    let clock: ManualClock;
    let store: DeadLetterStore;
    let open: (group: string, lettersMax: number) => DeadLetterStore;
    beforeEach(async () => {
      ({ table, clock, open } = await stage());
      store = open('orders', 3);
    });

    const put = (...indexes: number[]) =>
      store.put(
        indexes.map((index) => letterOf(index)),
        options,
      );
    const rawItems = async () => {
      const command = new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'orders#dead-letters' } },
      });
      return (await local.client.send(command)).Items ?? [];
    };
    const setCounter = (letters: number) =>
      local.client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: marshall({ pk: 'orders#dead-letters', sk: 'COUNT' }),
          UpdateExpression: 'SET letters = :letters',
          ExpressionAttributeValues: marshall({ ':letters': letters }),
        }),
      );

    it('they are none of its items', async () => {
      const group = createDynamodbStore({ client: local.client, table, group: 'orders', clock, random });
      await group.update('GROUP', { set: { paused: true }, condition: { absent: 'paused' } }, options);
      await put(0);
      const state = await group.readAll({ ...options, consistent: true });
      expect(state).toEqual({ group: { paused: true }, consumers: new Map(), shards: new Map() });
      expect((await rawItems()).map(({ sk }) => sk!.S)).toEqual(['COUNT', 'LETTER#0/0!2f7!2f0']);
    });

    /** Bytes that nothing makes smaller. */
    const noise = (length: number): Buffer =>
      createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(length));

    it.each([
      [200_000, true],
      [330_000, true],
      [349_000, false],
      [2_000_000, false],
    ])('they are kept with a record of %i bytes: %s', async (length, isKept) => {
      const letter = letterOf(0, { pairs: [[Buffer.from('content'), noise(length)]] });
      expect(await store.put([letter], options)).toBe('kept');
      const [found] = await collected(store.list({}, options));
      expect(found).toMatchObject({ id: '0/7/0', from: '7', to: '8', index: 0 });
      expect(found!.record !== undefined).toBe(isKept);
      if (isKept) expect(Buffer.from(found!.record!.pairs[0]![1]).equals(noise(length))).toBe(true);
    });

    it('they are kept with a record of 2 MB that can be made smaller', async () => {
      await store.put(
        [letterOf(0, { pairs: [[Buffer.from('a'), Buffer.alloc(2_000_000, 'line ')]] })],
        options,
      );
      const [found] = await collected(store.list({}, options));
      expect(found!.record!.pairs[0]![1]).toHaveLength(2_000_000);
    });

    it('they are listed over many pages', async () => {
      store = open('orders', 100);
      const letters = Array.from({ length: 8 }, (_, index) =>
        letterOf(index, { pairs: [[Buffer.from('content'), noise(300_000)]] }),
      );
      await store.put(letters, options);
      expect(await collected(store.list({}, options))).toHaveLength(8);
    });

    it('a record that is not as it was counts as none', async () => {
      await put(0);
      const [, { pk, sk }] = (await rawItems()) as [unknown, { pk: { S: string }; sk: { S: string } }];
      await local.client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { pk, sk },
          UpdateExpression: 'SET #record = :record',
          ExpressionAttributeNames: { '#record': 'record' },
          ExpressionAttributeValues: { ':record': { B: Buffer.from('spoilt') } },
        }),
      );
      const [found] = await collected(store.list({}, options));
      expect(found).toMatchObject({ id: '0/7/0', record: undefined });
    });

    it('a counter that is too high is corrected when it says that there is no room, once in an hour', async () => {
      await put(0);
      await setCounter(7);
      // The place that was taken just now may be somebody's who has not put it there yet.
      clock.advance(SETTLED_MS - 1);
      expect(await put(1)).toBe('full');
      clock.advance(1);
      expect(await put(1)).toBe('kept');
      expect(await store.count(options)).toBe(2);
      await setCounter(7);
      clock.advance(HOUR_MS - 1);
      expect(await put(2)).toBe('full');
      clock.advance(1);
      expect(await put(2)).toBe('kept');
      expect(await store.count(options)).toBe(3);
      expect(await put(3)).toBe('full');
    });

    it('a counter that is too high is corrected by whoever has been through all letters', async () => {
      const seen = async (filter: LetterFilter, isRemoving = false): Promise<number> => {
        for await (const claim of store.claims(filter, { ...options, leaseMs: 1_000 })) {
          if (claim === 'taken') continue;
          await (isRemoving ? claim.remove(options) : claim.fail('again', options));
        }
        return store.count(options);
      };
      await put(0);
      await put(1);
      await setCounter(3);
      clock.advance(SETTLED_MS - 1);
      expect(await seen({})).toBe(3);
      clock.advance(1);
      expect(await seen({ shard: '0' })).toBe(3);
      expect(await seen({})).toBe(2);
      await setCounter(3);
      expect(await seen({}, true)).toBe(0);
    });

    it.each([
      ['before', false],
      ['after', true],
    ])('who is interrupted %s any request leaves no more of them than may be', async (_when, isDone) => {
      for (let stopAt = 1; stopAt <= 12; stopAt++) {
        let requests = 0;
        const send = (async (...given: Parameters<typeof local.client.send>) => {
          const isCut = requests++ === stopAt;
          const answer = isDone || !isCut ? await local.client.send(...given) : undefined;
          if (isCut) throw Object.assign(new Error('cut'), { name: 'TimeoutError' });
          return answer;
        }) as typeof local.client.send;
        const client = Object.assign(Object.create(local.client), { send });
        const group = `orders-${stopAt}`;
        const at = { table, group, clock: systemClock, random, now: clock.now, lettersMax: 2 };
        const cut = createTableDeadLetters({ ...at, client });
        const whole = createTableDeadLetters({ ...at, client: local.client });
        const letters = [0, 1, 2].map((index) => letterOf(index, { group }));
        for (const letter of letters) await cut.put([letter], options).catch(() => {});
        const claims = cut.claims({}, { ...options, leaseMs: 1 })[Symbol.asyncIterator]();
        const { value: claim } = await claims.next().catch(() => ({ value: undefined }));
        if (claim !== 'taken') await claim?.remove(options).catch(() => {});
        const left = await collected(whole.list({}, options));
        expect(left.length).toBeLessThanOrEqual(2);
        expect(await whole.count(options)).toBeGreaterThanOrEqual(left.length);
        // In the end there is room for as many as may be.
        for (const waitMs of [HOUR_MS, SETTLED_MS]) {
          clock.advance(waitMs);
          for (const letter of letters) await whole.put([letter], options);
        }
        expect(await collected(whole.list({}, options))).toHaveLength(2);
        expect(await whole.count(options)).toBe(2);
      }
    });

    /** A store whose requests stop before the one that is meant, until they may go on. */
    function pausing(isMeant: (command: object) => boolean) {
      const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const send = (async (...given: Parameters<typeof local.client.send>) => {
        if (isMeant(given[0])) {
          reached.resolve();
          await goOn.promise;
        }
        return local.client.send(...given);
      }) as typeof local.client.send;
      const client = Object.assign(Object.create(local.client), { send });
      const at = { table, group: 'orders', clock: systemClock, random, now: clock.now, lettersMax: 3 };
      return {
        store: createTableDeadLetters({ ...at, client }),
        reached: reached.promise,
        goOn: goOn.resolve,
      };
    }
    const isUpdateOf = (part: string) => (command: object) =>
      command instanceof UpdateItemCommand && String(command.input.Key?.sk?.S).includes(part);
    const kept = async () => (await collected(store.list({}, options))).length;

    it('one that is being put while they are counted takes its place', async () => {
      await put(0, 1);
      const slow = pausing(isUpdateOf('2f2'));
      const putting = slow.store.put([letterOf(2)], options);
      await slow.reached;
      clock.advance(SETTLED_MS - 1);
      expect(await put(3)).toBe('full');
      slow.goOn();
      expect(await putting).toBe('kept');
      expect(await put(3)).toBe('full');
      expect(await kept()).toBe(3);
    });

    it.each([
      ['before', true],
      ['after', false],
    ])('one that is being removed %s they are counted leaves its place once', async (_when, isBefore) => {
      await put(0, 1, 2);
      clock.advance(HOUR_MS);
      const counting = pausing((command) => command instanceof QueryCommand);
      const recounting = isBefore ? undefined : counting.store.put([letterOf(9)], options);
      if (!isBefore) await counting.reached;
      clock.advance(10);
      const slow = pausing(isUpdateOf('COUNT'));
      const dropping = collected(
        (async function* () {
          for await (const claim of slow.store.claims({ id: '0/7/0' }, { ...options, leaseMs: HOUR_MS })) {
            if (claim !== 'taken') yield claim.remove(options);
          }
        })(),
      );
      await slow.reached;
      clock.advance(10);
      counting.goOn();
      await (recounting ?? put(9));
      slow.goOn();
      await dropping;
      await put(5, 6, 7);
      expect(await kept()).toBe(3);
    });

    it('a count during which one comes or goes corrects nothing', async () => {
      await put(0);
      await setCounter(7);
      clock.advance(SETTLED_MS);
      const slow = pausing((command) => command instanceof UpdateItemCommand && isCorrection(command));
      const putting = slow.store.put([letterOf(1)], options);
      await slow.reached;
      // Somebody else has corrected it meanwhile, and has put two.
      expect(await put(3, 4)).toBe('kept');
      slow.goOn();
      await putting;
      await put(5, 6);
      expect(await kept()).toBe(3);
    });

    it('one that is removed is gone, also if it cannot be counted any more', async () => {
      await put(0);
      const send = (async (...given: Parameters<typeof local.client.send>) => {
        if (isUpdateOf('COUNT')(given[0])) throw Object.assign(new Error('no'), { name: 'TimeoutError' });
        return local.client.send(...given);
      }) as typeof local.client.send;
      const client = Object.assign(Object.create(local.client), { send });
      const at = { table, group: 'orders', clock: systemClock, random, now: clock.now, lettersMax: 3 };
      const uncounted = createTableDeadLetters({ ...at, client });
      for await (const claim of uncounted.claims({}, { ...options, leaseMs: HOUR_MS })) {
        if (claim !== 'taken') expect(await claim.remove(options)).toBe(true);
      }
      expect(await kept()).toBe(0);
      expect(await store.count(options)).toBe(1);
    });

    it('one that an operator deletes in the table leaves its room within an hour', async () => {
      await put(0, 1, 2);
      expect(await put(3)).toBe('full');
      const key = { pk: { S: 'orders#dead-letters' }, sk: { S: 'LETTER#0/0!2f7!2f1' } };
      await local.client.send(new DeleteItemCommand({ TableName: table, Key: key }));
      clock.advance(HOUR_MS);
      expect(await put(3)).toBe('kept');
    });

    it('a table that is missing is named, with the remedy', async () => {
      const at = { client: local.client, table: 'nowhere', group: 'orders', clock: systemClock, random };
      const nowhere = createTableDeadLetters({ ...at, now: clock.now, lettersMax: 1 });
      await expect(nowhere.put([letterOf(0)], options)).rejects.toMatchObject({
        name: 'StoreError',
        retriable: false,
        message: expect.stringMatching(/no table "nowhere": deploy it, or correct SHARDBEAT_TABLE/),
      });
    });
  });
});
