import { expect, it } from 'vitest';
import { noticeOfEvent } from '../../../local/run/notices.ts';

const LINE = { time: 't', level: 'error', event: 'batch.failed', group: 'orders', shard: '0', attempts: 1 };

it.each([
  [{ name: 'Error', message: 'down\nand more' }, 'Error: down'],
  [{ message: { of: 'another kind' } }, 'Error: {"of":"another kind"}'],
  ['a text', 'a text'],
  [null, 'null'],
])('a line that user code wrote itself may have any error in it: %j', (error, told) => {
  expect(noticeOfEvent('consumer-0', { ...LINE, error })).toContain(`(attempt 1): ${told}`);
});
