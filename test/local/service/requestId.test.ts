import { expect, test } from 'vitest';
import { hexRequestId, uuidRequestId } from '../../../local/service/requestId.ts';

test('a request id starts with the time and is not used twice', () => {
  expect(hexRequestId(1, 1_780_000_000_999)).toBe('6A18A5000000000000000001');
  const ids = [1, 2, 3_000_000_000].map((number) => uuidRequestId(number, 1_780_000_000_000));
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^6a18a500-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
});
