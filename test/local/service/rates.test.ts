import { expect, test } from 'vitest';
import { createRates } from '../../../local/service/rates.ts';

const windowMsOf = (rate: 'calls' | 'bytes'): number => (rate === 'calls' ? 1000 : 60_000);

test('what begins within a limit is let through whole; the next window begins anew', () => {
  const rates = createRates({ bytes: 10 }, windowMsOf);
  const shard = {};
  expect(rates.isUsedUp('bytes', shard, 0)).toBe(false);
  rates.use('bytes', shard, 9, 0);
  expect(rates.isUsedUp('bytes', shard, 1)).toBe(false);
  rates.use('bytes', shard, 100, 1);
  expect(rates.isUsedUp('bytes', shard, 59_999)).toBe(true);
  expect(rates.isUsedUp('bytes', shard, 60_000)).toBe(false);
});

test('rates and things are counted apart, and only where there is a limit', () => {
  const rates = createRates({ calls: 1 }, windowMsOf);
  const [one, other] = [{}, {}];
  rates.use('calls', one, 1, 500);
  rates.use('bytes', one, 1, 500);
  expect(rates.isUsedUp('calls', one, 999)).toBe(true);
  expect(rates.isUsedUp('calls', other, 999)).toBe(false);
  expect(rates.isUsedUp('bytes', one, 999)).toBe(false);
  expect(rates.isUsedUp('calls', one, 1000)).toBe(false);
});
