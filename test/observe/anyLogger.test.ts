import { Logger as PowertoolsLogger } from '@aws-lambda-powertools/logger';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { exportedOf } from '../../lib/delivery/exported.ts';
import { type AnyLogger, asLogger, isLogger } from '../../lib/observe/anyLogger.ts';
import type { Fields } from '../../lib/observe/logger.ts';
import { keepSecret } from '../../lib/observe/secrets.ts';
import { HOSTILE } from '../support/hostile.ts';

type Told = [level: string, message: string, fields: Record<string, unknown>];

function keeping() {
  const told: Told[] = [];
  const keep = (level: string) => (message: string, fields: Record<string, unknown>) =>
    void told.push([level, message, fields]);
  const logger = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  return { told, logger };
}

describe('a logger of the user’s', () => {
  it('is given each event as a message, and its fields with those that are on every line', () => {
    const { told, logger } = keeping();
    const ours = asLogger(logger, { group: 'orders' }).with({ slot: 'a' });
    ours.debug('one');
    ours.info('two', { shard: '3' });
    ours.warn('three', { message: 'slow down' });
    ours.error('four', { slot: 'b' });
    expect(told).toEqual([
      ['debug', 'one', { event: 'one', group: 'orders', slot: 'a' }],
      ['info', 'two', { event: 'two', group: 'orders', slot: 'a', shard: '3' }],
      ['warn', 'three', { event: 'three', group: 'orders', slot: 'a', text: 'slow down' }],
      ['error', 'four', { event: 'four', group: 'orders', slot: 'b' }],
    ]);
  });

  it('is given no secret, and errors as plain objects', () => {
    keepSecret('Zq9abcdefgh');
    const { told, logger } = keeping();
    const error = Object.assign(new Error('401 for Zq9abcdefgh'), { config: { key: 'Zq9abcdefgh' } });
    asLogger(logger).error('shard.failed', { error, password: 'other' });
    const [[, , fields]] = told as [Told];
    expect(fields).toMatchObject({
      error: { name: 'Error', message: '401 for (hidden)' },
      password: '(hidden)',
    });
    expect(JSON.stringify(fields)).not.toContain('Zq9');
  });

  it('that throws, or fields that do, fail nothing', () => {
    const failing = () => {
      throw new Error('the disk is full');
    };
    asLogger({ debug: failing, info: failing, warn: failing, error: failing }).error('x', { a: 1 });
    const { told, logger } = keeping();
    const hostile = Object.entries(HOSTILE).filter(([name]) => !/100 MB|million/.test(name));
    for (const [name, make] of hostile) {
      asLogger(logger).info(name, { error: make() });
      asLogger(logger).info(name, make() as Fields);
    }
    expect(told.length).toBeGreaterThan(hostile.length);
  });

  it('may be console, and must have the four functions', () => {
    expect(isLogger(console)).toBe(true);
    expect([undefined, null, {}, () => {}, { ...keeping().logger, warn: 1 }].some(isLogger)).toBe(false);
  });

  it('may be an export of the module, in each of its forms', () => {
    const { logger } = keeping();
    const eachBatch = () => {};
    const eachRecord = () => {};
    for (const module of [
      { eachBatch, logger },
      { eachRecord, logger },
      { default: eachBatch, logger },
      { default: { eachBatch, logger } },
      { default: { default: { eachRecord }, logger } },
    ]) {
      expect(exportedOf(module).logger).toBe(logger);
    }
    expect(exportedOf({ eachBatch })).not.toHaveProperty('logger');
    expect(() => exportedOf({ eachBatch, logger: 'x' })).toThrow(
      'module: "exports: logger (string)" cannot be used: give an object with the functions debug, info, warn and error',
    );
  });
});

describe('a Logger of Powertools', () => {
  afterEach(() => vi.restoreAllMocks());

  it('takes our events with its own fields, and drops none of ours', () => {
    const lines: string[] = [];
    const powertools: AnyLogger & PowertoolsLogger = new PowertoolsLogger({
      serviceName: 'shop',
      logLevel: 'INFO',
    });
    for (const method of ['info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn((powertools as unknown as { console: Console }).console, method).mockImplementation((line) => {
        lines.push(String(line));
      });
    }
    powertools.appendKeys({ stage: 'prod' });
    const logger = asLogger(powertools).with({ group: 'orders', slot: 'consumer-0' });
    logger.debug('lag.unknown', { shard: '1' });
    logger.info('shard.claimed', { shard: '1' });
    logger.error('record.givenUp', { shard: '1', reason: 'failed', message: 'TypeError: no amount' });
    logger.error('shard.failed', { error: new TypeError('no answer') });
    const told = lines.map((line) => JSON.parse(line));
    const common = { service: 'shop', stage: 'prod', group: 'orders', slot: 'consumer-0' };
    expect(told).toMatchObject([
      { ...common, level: 'INFO', message: 'shard.claimed', event: 'shard.claimed', shard: '1' },
      {
        ...common,
        level: 'ERROR',
        message: 'record.givenUp',
        reason: 'failed',
        text: 'TypeError: no amount',
      },
      { ...common, level: 'ERROR', error: { name: 'TypeError', message: 'no answer' } },
    ]);
  });
});
