import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import { presentError, SettingsError } from '../../lib/errors.ts';
import { HOSTILE } from '../support/hostile.ts';

const thrownBy = (thrown: unknown): Promise<unknown> => {
  const handler = middy<object, string, Error, Context>()
    .use({ onError: presentError })
    .handler(async () => {
      throw thrown;
    });
  return Promise.resolve(handler({}, { getRemainingTimeInMillis: () => 0 } as Context)).then(
    () => expect.unreachable('it answered'),
    (error: unknown) => error,
  );
};

test.each(Object.entries(HOSTILE))(
  'an invocation that fails with %s is answered with an error',
  async (_name, make) => {
    const error = await thrownBy(make());
    expect(error).toBeInstanceOf(Error);
    const { name, message, stack } = error as Error;
    for (const text of [name, message, stack]) expect(text!.length).toBeLessThanOrEqual(10_000);
    expect(JSON.stringify(error)).toBe('{}');
  },
);

test('what hangs on the error of a client is not answered, and ours are as they are', async () => {
  const config = { headers: { authorization: 'Bearer Zq9abcdefgh' } };
  const failed = new Error('401 for Bearer Zq9abcdefgh', { cause: { config } });
  const error = (await thrownBy(Object.assign(failed, { config }))) as Error;
  expect(error.message).toBe('401 for Bearer (hidden)');
  expect([error.stack, JSON.stringify(error), error.cause].join()).not.toContain('Zq9');
  const ours = new SettingsError('event.slot', undefined, 'name it');
  expect(await thrownBy(ours)).toBe(ours);
});
