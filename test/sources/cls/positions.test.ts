import { expect, test } from 'vitest';
import { SourceError } from '../../../lib/errors.ts';
import type { ClsClient, ConsumerGroupInfo } from '../../../lib/sources/cls/client.ts';
import { createPositions } from '../../../lib/sources/cls/positions.ts';
import { signal } from './support.ts';

const GROUP = 'positions_orders';
const missing = () =>
  new SourceError('consumer group does not exist', {
    code: 'FailedOperation',
    status: 200,
    retriable: false,
  });

test('of two topics at once are found, though only one of the two questions makes the group', async () => {
  const made = Promise.withResolvers<ConsumerGroupInfo>();
  let isMade = false;
  let looks = 0;
  let questions = 0;
  const bothAsked = Promise.withResolvers<void>();
  const client = {
    async describeConsumerOffsets({ topic }) {
      const wasMade = isMade;
      if (++questions === 2) bothAsked.resolve();
      await bothAsked.promise;
      if (!wasMade) throw missing();
      return [{ topic: topic!, partition: 1, offset: '7' }];
    },
    // The second one who looks finds the group that the first one has made.
    describeConsumerGroups: async () => (looks++ === 0 ? [] : [await made.promise]),
    async createConsumerGroup(settings) {
      isMade = true;
      made.resolve(settings);
    },
  } satisfies Partial<ClsClient>;
  const positions = createPositions({
    client: client as unknown as ClsClient,
    group: GROUP,
    topics: ['a', 'b'],
  });
  const found = await Promise.all(
    ['a', 'b'].map((topic) => positions.offsetAt({ topic, partition: 1 }, 'begin', signal)),
  );
  expect(found).toEqual(['7', '7']);
});
