import { expect, it } from 'vitest';
import type { ShardResult, TickResult } from '../../../lib/tick/result.ts';
import { createTroubles } from '../../../local/run/troubles.ts';

const ticked = (...shards: Partial<ShardResult>[]): TickResult => ({ shards }) as unknown as TickResult;

it.each([
  [
    { event: 'delivery.outage', records: 1, message: 'Error: away' },
    'waits until your function succeeds with something else, and gives nothing up before: 1 record failed as often as is allowed, at last with Error: away',
  ],
  [{ event: 'shard.blocked', records: 1_200, message: 'no' }, 'is blocked by 1,200 records: no'],
  [{ event: 'shard.blocked', records: 2, remedy: 'drop some' }, 'is blocked by 2 records: drop some'],
  [
    { event: 'batch.failed', attempts: 3, error: { name: 'TypeError', message: 'x\nat y' } },
    'waits for another attempt, after 3 that failed, at last with TypeError: x',
  ],
  [
    { event: 'batch.died', attempts: 2, message: 'exit code 1' },
    'waits for another attempt, after 2 of which the process died: exit code 1',
  ],
  [{ event: 'shard.failed', error: 'no table' }, 'cannot be worked on: no table'],
])('what a shard waits for is what was told last: %j', (event, text) => {
  const troubles = createTroubles();
  troubles.event({ event: 'shard.failed', shard: '7', error: 'another' });
  troubles.event({ ...event, shard: '7' });
  troubles.event({ event: 'batch.processed', shard: '7' });
  troubles.event({ event: 'plan.failed', error: 'of no shard' });
  expect(troubles.of('7')).toBe(text);
  expect(troubles.of('8')).toBeUndefined();
});

it('a shard that gets on waits for nothing any more', () => {
  const troubles = createTroubles();
  for (const shard of ['0', '1']) troubles.event({ event: 'shard.failed', shard, error: 'x' });
  troubles.ticked(ticked({ shard: '0', stopped: 'caughtUp' }, { shard: '1', stopped: 'backingOff' }));
  expect(troubles.of('0')).toBeUndefined();
  expect(troubles.of('1')).toBe('cannot be worked on: x');
});

it('records in a row that failed are counted until the shard gets on', () => {
  const troubles = createTroubles();
  expect(troubles.stuckRecords('0')).toBe(0);
  for (const records of [1, 2])
    troubles.event({ event: 'delivery.outage', shard: '0', records, message: 'x' });
  expect(troubles.stuckRecords('0')).toBe(2);
  troubles.ticked(ticked({ shard: '0', stopped: 'caughtUp' }));
  expect(troubles.stuckRecords('0')).toBe(0);
});
