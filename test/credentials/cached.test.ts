import { describe, expect, test, vi } from 'vitest';
import { cachedCredentials, type ExpiringCredentials } from '../../lib/credentials/cached.ts';
import { createManualClock } from '../support/clock.ts';

const MINUTE_MS = 60_000;

/** Credentials that are numbered as they are fetched: `id-1`, `id-2`, and so on. */
function setUp(holdMs?: number) {
  const clock = createManualClock();
  let fetches = 0;
  const fetch = vi.fn(async (): Promise<ExpiringCredentials> => {
    fetches++;
    const expiresAt = holdMs === undefined ? undefined : clock.now() + holdMs;
    return { accessKeyId: `id-${fetches}`, accessKeySecret: 'secret', expiresAt };
  });
  const credentials = cachedCredentials(fetch, { clock });
  const idOf = async (refused?: ExpiringCredentials) => (await credentials(refused)).accessKeyId;
  return { clock, fetch, credentials, idOf };
}

describe('credentials that expire', () => {
  test('are fetched when they are first needed, and again five minutes before they expire', async () => {
    const { clock, fetch, idOf } = setUp(60 * MINUTE_MS);
    expect(fetch).not.toHaveBeenCalled();
    expect([await idOf(), await idOf()]).toEqual(['id-1', 'id-1']);
    clock.advance(55 * MINUTE_MS - 1);
    expect(await idOf()).toBe('id-1');
    clock.advance(1);
    expect([await idOf(), await idOf()]).toEqual(['id-2', 'id-2']);
  });

  test('are used on where others cannot be had yet, as long as they hold', async () => {
    const { clock, fetch, idOf } = setUp(60 * MINUTE_MS);
    await idOf();
    fetch.mockRejectedValue(new Error('no answer'));
    clock.advance(56 * MINUTE_MS);
    expect(await idOf()).toBe('id-1');
    clock.advance(4 * MINUTE_MS);
    await expect(idOf()).rejects.toThrow('no answer');
  });

  test('are not fetched at every turn where that fails, or where they never hold for long', async () => {
    const failing = setUp(60 * MINUTE_MS);
    await failing.idOf();
    failing.fetch.mockRejectedValue(new Error('no answer'));
    failing.clock.advance(56 * MINUTE_MS);
    for (let turn = 0; turn < 20; turn++) await failing.idOf();
    expect(failing.fetch).toHaveBeenCalledTimes(2);

    const brief = setUp(MINUTE_MS);
    for (let turn = 0; turn < 20; turn++) {
      await brief.idOf();
      brief.clock.advance(1_000);
    }
    expect(brief.fetch).toHaveBeenCalledTimes(2);
  });
});

test('credentials without an end are kept until they are refused', async () => {
  const { clock, credentials, fetch, idOf } = setUp();
  const first = await credentials();
  clock.advance(100 * 24 * 60 * MINUTE_MS);
  expect(await idOf()).toBe('id-1');
  expect(await idOf(first)).toBe('id-2');
  expect(await idOf()).toBe('id-2');
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('however many ask at a time, one fetch is under way', async () => {
  const { clock, credentials, fetch, idOf } = setUp();
  expect(await Promise.all([idOf(), idOf(), idOf()])).toEqual(['id-1', 'id-1', 'id-1']);
  const old = await credentials();
  clock.advance(MINUTE_MS);
  expect(await Promise.all([idOf(old), idOf(old), idOf(old)])).toEqual(['id-2', 'id-2', 'id-2']);
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('whoever was refused with old credentials is given the new ones that others have fetched', async () => {
  const { clock, credentials, fetch, idOf } = setUp();
  const old = await credentials();
  clock.advance(MINUTE_MS);
  await idOf(old);
  clock.advance(MINUTE_MS);
  expect(await idOf(old)).toBe('id-2');
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('a permission that is missing does not become a fetch for every request', async () => {
  const { clock, credentials, fetch } = setUp();
  fetch.mockImplementation(async () => ({ accessKeyId: 'id', accessKeySecret: 'secret' }));
  for (let request = 0; request < 50; request++) {
    await credentials(await credentials());
    clock.advance(100);
  }
  expect(fetch).toHaveBeenCalledTimes(1);
  clock.advance(10_000);
  await credentials(await credentials());
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('a failed fetch is thrown as it is, and tried again by the next one who asks', async () => {
  const { fetch, idOf } = setUp();
  const failure = new Error('no answer');
  fetch.mockRejectedValueOnce(failure);
  await expect(idOf()).rejects.toBe(failure);
  expect(await idOf()).toBe('id-1');
});

test('a function that throws at once is no different', async () => {
  const clock = createManualClock();
  const credentials = cachedCredentials(
    () => {
      throw new Error('no role');
    },
    { clock },
  );
  await expect(credentials()).rejects.toThrow('no role');
});
