import { describe, expect, it, test } from 'vitest';
import { presentable } from '../../lib/errors.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { explain, messageOf } from '../../lib/observe/plainError.ts';
import { HOSTILE } from '../support/hostile.ts';

const LINE_BYTES_MAX = 64 * 1024;

function createLog() {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => lines.push(line), now: () => 0 });
  const last = () => JSON.parse(lines.at(-1)!);
  return { lines, logger, last };
}

describe.each(Object.entries(HOSTILE))('%s', (_name, make) => {
  it('is logged in one bounded line, as error and as any field', () => {
    const { lines, logger, last } = createLog();
    const value = make();
    logger.error('batch.failed', { attempts: 1, error: value });
    logger.info('state', { nested: { value: [value] }, map: new Map([['key', value]]) });
    logger.with({ value }).info('with', { after: 1 });
    logger.info('fields', value as Record<string, unknown>);
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES_MAX);
      expect(line).not.toMatch(/[\n\r]/);
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), event: expect.any(String) });
    }
    expect(last()).toMatchObject({ event: 'fields' });
  });

  it('has a bounded message, and an error in its place', () => {
    const value = make();
    expect(messageOf(value, 200).length).toBeLessThanOrEqual(200);
    expect(messageOf(value, 200)).not.toBe('');
    expect(messageOf(value, 200).isWellFormed()).toBe(true);
    expect(explain(value).length).toBeLessThanOrEqual(10_000);
    const error = presentable(value);
    expect(Object.keys(error)).toEqual([]);
    expect(error.message.length + error.stack!.length).toBeLessThanOrEqual(10_000);
    expect(error.cause).toBeUndefined();
  });
});

describe('a line', () => {
  it('has the beginning of a message of any length, and says how long it was', () => {
    const { logger, last } = createLog();
    const text = 'The sink refused the batch. '.repeat(1_000_000);
    logger.error('batch.failed', { error: new Error(text), text });
    const { error, text: field } = last();
    expect(error.message.slice(0, 1_000)).toBe(text.slice(0, 1_000));
    expect(error.message).toMatch(/… \(28000000 characters\)$/);
    expect(field).toMatch(/… \(28000000 characters\)$/);
    expect(messageOf(new Error(text), 200)).toBe(`Error: ${text}`.slice(0, 200));
  });

  it('keeps the frames of a stack behind a long message', () => {
    const { logger, last } = createLog();
    logger.error('batch.failed', { error: new Error('long '.repeat(10_000)) });
    expect(last().error.stack).toContain('hostile.test.ts');
  });

  it('has what an error says, and nothing else that hangs on it', () => {
    const { logger, last } = createLog();
    const error = Object.assign(new Error('sink refused'), {
      code: 'ERR_BAD_REQUEST',
      status: 401,
      requestId: 'R1',
      config: { headers: { authorization: 'x' }, data: 'card' },
      toJSON: () => ({ config: 'all of it' }),
      cause: { message: 'as an object', response: { body: 'card' } },
    });
    logger.error('batch.failed', { error });
    const { stack, ...told } = last().error;
    expect(stack).toContain('hostile.test.ts');
    expect(told).toEqual({
      name: 'Error',
      message: 'sink refused',
      code: 'ERR_BAD_REQUEST',
      status: 401,
      requestId: 'R1',
      cause: { message: 'as an object' },
    });
  });

  it('has the errors of an AggregateError, the first few', () => {
    const { logger, last } = createLog();
    const errors = Array.from({ length: 7 }, (_, index) => new Error(`db${index} down`));
    logger.error('batch.failed', { error: new AggregateError(errors, 'all') });
    const told = last().error.errors;
    expect(told.slice(0, 5)).toMatchObject(errors.slice(0, 5).map(({ message }) => ({ message })));
    expect(told.slice(5)).toEqual(['… 2 more']);
  });

  it('has fields as JSON has them, and says what JSON cannot', () => {
    const { logger, last } = createLog();
    const shared = { n: 1 };
    const value = {
      list: [1, 'a', null, undefined, true],
      date: new Date(0),
      url: new URL('https://example.com/a'),
      map: new Map([['a', 1]]),
      set: new Set([1, 2]),
      bytes: new Uint8Array(3),
      big: 12n,
      function: () => 1,
      symbol: Symbol('x'),
      twice: [shared, shared],
    };
    logger.info('odd', { value, many: Array.from({ length: 300 }, (_, index) => index) });
    const { value: told, many } = last();
    expect(told).toEqual({
      list: [1, 'a', null, null, true],
      date: '1970-01-01T00:00:00.000Z',
      url: 'https://example.com/a',
      map: { a: 1 },
      set: [1, 2],
      bytes: '(3 bytes)',
      big: '12',
      symbol: 'Symbol(x)',
      twice: [{ n: 1 }, { n: 1 }],
    });
    expect(many).toHaveLength(101);
    expect(many.at(-1)).toBe('… 200 more');
  });

  it('of a thousand long texts in any script stays within its bounds', () => {
    const { lines, logger } = createLog();
    logger.info('texts', { texts: Array.from({ length: 1_000 }, () => '记录'.repeat(5_000)) });
    logger.info(
      'texts',
      Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}`.repeat(300), '\u0001'])),
    );
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES_MAX);
  });
});

test('a logger does not throw when nobody reads any more, or the clock is wrong', () => {
  const write = (): never => {
    throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  };
  createLogger({ level: 'info', write, now: () => 0 }).error('batch.failed', { error: new Error('x') });
  const lines: string[] = [];
  createLogger({ level: 'info', write: (line) => lines.push(line), now: () => Number.NaN }).info('a');
  expect(JSON.parse(lines[0]!)).toEqual({ time: null, level: 'info', event: 'a' });
});

test('fields below the level are not even looked at', () => {
  const fields = {
    get costly(): never {
      return expect.unreachable();
    },
  };
  createLogger({ level: 'warn', write: () => {}, now: () => 0 }).debug('a', fields);
});
