import { describe, expect, it } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { readSlot } from '../../lib/config/slot.ts';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import { attemptMsMax, deriveTimes, functionTimeoutMsMax, unhurried } from '../../lib/times.ts';

const complete = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SOURCE: 'sls',
  SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
  SHARDBEAT_SLS_PROJECT: 'shop',
  SHARDBEAT_SLS_LOGSTORE: 'orders',
  SHARDBEAT_SLS_REGION: 'cn-hangzhou',
  SHARDBEAT_SLS_ACCESS_KEY_ID: 'id',
  SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'very-secret',
};

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
  ])('reads %s', (text, durationMs) => {
    expect(parseDuration('interval', text)).toBe(durationMs);
  });

  it.each(['', '2', 's', '-1s', '1 minute', '1e3s'])('names what cannot be read: %j', (text) => {
    expect(() => parseDuration('--interval', text)).toThrow(/^--interval: .* such as 500ms, 2s or 1m$/);
  });

  it.each(['1500ms', '2s', '90s', '1m', '2h', '24h', '25h', '2d', '7d'])(
    'writes %s as it was read',
    (text) => {
      expect(formatDuration(parseDuration('interval', text, Number.POSITIVE_INFINITY))).toBe(text);
    },
  );
});

describe('the times of a group', () => {
  it('follow from the interval', () => {
    expect(deriveTimes(60_000)).toEqual({
      intervalMs: 60_000,
      functionTimeoutMs: 48_000,
      skewMarginMs: 3_000,
      sessionTimeoutMs: 180_000,
      reserveMs: 3_000,
    });
  });

  it.each([
    ['2s', 2_000, 4_000],
    ['59s', 59_000, 118_000],
    ['1m', 60_000, 180_000],
    ['30m', 1_800_000, 3_660_000],
  ])(
    'have a session outlast one tick that is lost, however a schedule of %s starts within its minute',
    (_name, intervalMs, sessionTimeoutMs) => {
      expect(deriveTimes(intervalMs).sessionTimeoutMs).toBe(sessionTimeoutMs);
    },
  );

  it('keep the rule of the protocol for every interval', () => {
    for (let intervalMs = 500; intervalMs <= 1_800_000; intervalMs += 499) {
      const times = deriveTimes(intervalMs);
      expect(times.functionTimeoutMs + times.skewMarginMs).toBeLessThan(intervalMs);
      expect(times.sessionTimeoutMs).toBeGreaterThan(intervalMs);
      expect(times.reserveMs).toBeLessThan(times.functionTimeoutMs);
    }
  });

  it.each([
    [100, {}, /^interval: "100ms" cannot be used: choose 500ms to 30m$/],
    [31 * 60_000, {}, /^interval: "31m"/],
    [60_000, { functionTimeoutMs: 58_000 }, /^functionTimeout: "58s" .* must be under 57s/],
    [60_000, { sessionTimeoutMs: 60_000 }, /^sessionTimeout: "1m" .* longer than the interval/],
    [60_000, { sessionTimeoutMs: 24 * 3_600_000 + 1 }, /^sessionTimeout: .* choose 24h or less/],
  ])('are refused for %d with %j', (intervalMs, given, message) => {
    expect(() => deriveTimes(intervalMs, given)).toThrow(message);
  });

  it('leave an operator the time that a group has which ticks every minute, and change nothing else', () => {
    const usualMs = attemptMsMax(deriveTimes(60_000));
    const often = deriveTimes(2_000);
    expect(attemptMsMax(unhurried(often))).toBe(usualMs);
    expect(unhurried(often)).toMatchObject({ sessionTimeoutMs: 4_000, intervalMs: 2_000 });
    expect(attemptMsMax(unhurried())).toBe(usualMs);
    const seldom = deriveTimes(600_000);
    expect(unhurried(seldom)).toEqual(seldom);
  });
});

describe('how many bytes a tick may have in memory', () => {
  const mib = (environment: Record<string, string>): number =>
    readSettings({ ...complete, ...environment }).bytesMax / (1024 * 1024);

  it.each([
    ['128', 8],
    ['256', 40],
    ['512', 104],
    ['10240', 2536],
    ['96', 1],
    ['unknown', 104],
  ])('follows from a memory of %s MB: %d MiB', (memory, bytes) => {
    expect(mib({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory })).toBe(bytes);
  });

  it('is what is set', () => {
    const set = { SHARDBEAT_BYTES_MAX: '2097152', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512' };
    expect(mib(set)).toBe(2);
  });

  it.each([
    [{ SHARDBEAT_BYTES_MAX: '1048575' }, /from 1048576/],
    [{ SHARDBEAT_BYTES_MAX: '1e9' }, /^SHARDBEAT_BYTES_MAX: "1e9" .* whole number/],
    [
      {
        SHARDBEAT_BYTES_MAX: '2097152',
        SHARDBEAT_BATCH_BYTES_MIN: '2097153',
        SHARDBEAT_BATCH_WAIT_MAX: '5m',
      },
      /^SHARDBEAT_BYTES_MAX: .* SHARDBEAT_BATCH_BYTES_MIN \(2097153\) has no room/,
    ],
  ])('is refused for %j', (given, message) => {
    expect(() => readSettings({ ...complete, ...given })).toThrow(message);
  });
});

describe('the settings', () => {
  it('are read from the environment, with their defaults', () => {
    expect(readSettings(complete)).toMatchObject({
      group: 'orders',
      times: { intervalMs: 60_000 },
      start: { at: 'begin' },
      order: true,
      batchesMax: Number.POSITIVE_INFINITY,
      countMax: 1_000,
      shardsParallelMax: 16,
      bytesMax: 104 * 1024 * 1024,
      logLevel: 'info',
      stream: 'sls://shop/orders',
      endAt: undefined,
      settingsVersion: 1,
      onCursorExpired: 'earliest',
      sls: { project: 'shop', signature: 'v4', compression: 'zstd' },
    });
  });

  it.each([
    ['end', { at: 'end' }],
    ['2026-01-31T12:00:00Z', { at: 'time', unixMs: Date.UTC(2026, 0, 31, 12) }],
    ['2026-01-31T12:00:00+08:00', { at: 'time', unixMs: Date.UTC(2026, 0, 31, 4) }],
    ['1763700000', { at: 'time', unixMs: 1_763_700_000_000 }],
  ])('start at %s', (text, start) => {
    const settings = readSettings({ ...complete, SHARDBEAT_START: text }, { now: Date.UTC(2026, 1, 1) });
    expect(settings.start).toEqual(start);
  });

  const required = Object.keys(complete).filter((field) => field !== 'SHARDBEAT_SLS_REGION');
  it.each(required)('say that %s is missing, also when it is set to nothing', (field) => {
    const message = new RegExp(`^${field}: missing; set it`);
    expect(() => readSettings({ ...complete, [field]: undefined })).toThrow(message);
    expect(() => readSettings({ ...complete, [field]: '' })).toThrow(SettingsError);
  });

  it.each([
    ['SHARDBEAT_GROUP', 'a b'],
    ['SHARDBEAT_INTERVAL', '60'],
    ['SHARDBEAT_FUNCTION_TIMEOUT', '59s'],
    ['SHARDBEAT_SOURCE', 'kinesis'],
    ['SHARDBEAT_START', 'yesterday'],
    ['SHARDBEAT_START', '2026-01-31'],
    ['SHARDBEAT_ORDER', 'yes'],
    ['SHARDBEAT_BATCHES_MAX', '0'],
    ['SHARDBEAT_COUNT_MAX', '1001'],
    ['SHARDBEAT_SHARDS_PARALLEL_MAX', '-1'],
    ['SHARDBEAT_SLS_SIGNATURE', 'v2'],
  ])('name %s when it is %j', (field, value) => {
    const problem = catching(() => readSettings({ ...complete, [field]: value }));
    expect(problem).toBeInstanceOf(SettingsError);
    const { message } = problem as SettingsError;
    expect(message.startsWith(`${field}: `)).toBe(true);
    expect(message).toContain(field === 'SHARDBEAT_INTERVAL' ? 'such as 500ms, 2s or 1m' : value);
  });

  it('need a region for signature v4 only', () => {
    const without = {
      ...complete,
      SHARDBEAT_SLS_ENDPOINT: 'log-global.aliyuncs.com',
      SHARDBEAT_SLS_REGION: undefined,
    };
    expect(() => readSettings(without)).toThrow(/^SHARDBEAT_SLS_REGION: .*cn-hangzhou$/);
    expect(readSettings({ ...without, SHARDBEAT_SLS_SIGNATURE: 'v1' })).toMatchObject({
      sls: { region: undefined },
    });
  });
});

describe('the event of a tick', () => {
  it('names its slot', () => {
    expect(readSlot({ slot: 'consumer-0', more: 1 })).toBe('consumer-0');
  });

  it.each(['A', '0', 'consumer-group_1.A', 'x'.repeat(128)])('may call it %s', (slot) => {
    expect(readSlot({ slot })).toBe(slot);
  });

  it.each([
    undefined,
    null,
    {},
    { slot: '' },
    { slot: 'a b' },
    { slot: 7 },
    { slot: 'a:b' },
    { slot: '-a' },
    { slot: '消费者' },
    { slot: 'x'.repeat(129) },
  ])('is refused: %j', (event) => {
    expect(() => readSlot(event)).toThrow(/^event\.slot: .*"consumer-0".* letters, digits, - _ or \./);
  });
});

describe('who assigns the shards', () => {
  it('is our own planner, or the service where that is said', () => {
    expect(readSettings(complete).coordination).toBe('own');
    expect(readSettings({ ...complete, SHARDBEAT_COORDINATION: 'service' }).coordination).toBe('service');
  });

  it.each([
    ['dynamodb', 'it is called own now'],
    ['provider', 'it is called service now'],
    ['toString', 'choose own or service'],
  ])('is refused as %s, with what it is called', (value, remedy) => {
    const read = () => readSettings({ ...complete, SHARDBEAT_COORDINATION: value });
    expect(read).toThrow(`SHARDBEAT_COORDINATION: "${value}" cannot be used: ${remedy}`);
  });
});

function catching(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe('SHARDBEAT_LINGER', () => {
  const lingerOf = (more: Record<string, string>) => {
    const { lingerMs, times } = readSettings({ ...complete, ...more });
    return { lingerMs, functionTimeoutMs: times.functionTimeoutMs };
  };

  it('is off unless set, a duration, or as long as a tick may work, for which the timeout is as long as can be', () => {
    const usual = { lingerMs: 0, functionTimeoutMs: 48_000 };
    expect(lingerOf({})).toEqual(usual);
    expect(lingerOf({ SHARDBEAT_LINGER: 'off' })).toEqual(usual);
    expect(lingerOf({ SHARDBEAT_LINGER: '45s' })).toEqual({ ...usual, lingerMs: 45_000 });
    const max = { lingerMs: Number.POSITIVE_INFINITY, functionTimeoutMs: 56_000 };
    expect(lingerOf({ SHARDBEAT_LINGER: 'max' })).toEqual(max);
    expect(lingerOf({ SHARDBEAT_LINGER: 'max', SHARDBEAT_FUNCTION_TIMEOUT: '30s' })).toEqual({
      ...max,
      functionTimeoutMs: 30_000,
    });
  });

  it.each(['46s', '999ms', '0s', 'MAX', 'always'])('is refused as %s', (text) => {
    expect(() => lingerOf({ SHARDBEAT_LINGER: text })).toThrow(
      /^SHARDBEAT_LINGER: .* choose off, max, or a duration from 1s to 45s/,
    );
  });

  it.each([500, 1_000, 2_000, 60_000, 300_000, 1_800_000])(
    'leaves as little as is allowed between two ticks of %i ms',
    (intervalMs) => {
      const functionTimeoutMs = functionTimeoutMsMax(intervalMs);
      const { skewMarginMs } = deriveTimes(intervalMs, { functionTimeoutMs });
      expect(intervalMs - functionTimeoutMs - skewMarginMs).toBeGreaterThan(0);
      expect(intervalMs - functionTimeoutMs - skewMarginMs).toBeLessThanOrEqual(1_000);
    },
  );
});
