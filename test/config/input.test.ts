import { describe, expect, it } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { readSlot, readSlots } from '../../lib/config/slot.ts';
import { parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import { parseInstant } from '../../lib/instant.ts';
import { editDistance } from '../../lib/nearest.ts';
import { hideSecrets } from '../../lib/observe/secrets.ts';

const NOW = Date.UTC(2026, 1, 1);
const common = { SHARDBEAT_GROUP: 'orders', SHARDBEAT_TABLE: 'shardbeat', SHARDBEAT_INTERVAL: '1m' };
const slsPlace = {
  ...common,
  SHARDBEAT_SOURCE: 'sls',
  SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
  SHARDBEAT_SLS_PROJECT: 'shop',
  SHARDBEAT_SLS_LOGSTORE: 'orders',
  SHARDBEAT_SLS_REGION: 'cn-hangzhou',
};
const clsPlace = {
  ...common,
  SHARDBEAT_SOURCE: 'cls',
  SHARDBEAT_CLS_REGION: 'ap-guangzhou',
  SHARDBEAT_CLS_ENDPOINT: 'ap-guangzhou.cls.tencentcs.com',
  SHARDBEAT_CLS_API_ENDPOINT: 'cls.ap-guangzhou.tencentcloudapi.com',
  SHARDBEAT_CLS_LOGSET: '11111111-1111-4111-8111-111111111111',
  SHARDBEAT_CLS_TOPICS: '22222222-2222-4222-8222-222222222222',
};
const keyOf = (source: 'SLS' | 'CLS') => ({
  [`SHARDBEAT_${source}_ACCESS_KEY_ID`]: 'the-id',
  [`SHARDBEAT_${source}_ACCESS_KEY_SECRET`]: 'the-secret',
  [`SHARDBEAT_${source}_SECURITY_TOKEN`]: 'the-token',
});
const sls = { ...slsPlace, ...keyOf('SLS') };
const cls = { ...clsPlace, ...keyOf('CLS') };

const read = (environment: Record<string, string | undefined>) => readSettings(environment, { now: NOW });
function refused(environment: Record<string, string | undefined>): SettingsError {
  try {
    read(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return error as SettingsError;
  }
  return expect.unreachable('it was taken');
}
/** Every setting as data, the credentials asked for. */
async function dataOf(environment: Record<string, string>): Promise<unknown> {
  const settings = read(environment);
  if (settings.source === 'own') return expect.unreachable('no source was given');
  const of = settings.source === 'sls' ? settings.sls : settings.cls;
  const { credentials } = of;
  return {
    ...settings,
    [settings.source]: {
      ...of,
      credentials: typeof credentials === 'function' ? await credentials() : credentials,
    },
  };
}

const SOURCES = [
  ['sls', sls],
  ['cls', cls],
] as const;

describe.each(SOURCES)('what a paste or a file puts around a value for %s', (_source, complete) => {
  it.each([
    ['a line end', (value: string) => `${value}\r\n`],
    ['white space', (value: string) => ` \t${value} `],
    ['a byte order mark', (value: string) => `\ufeff${value}`],
  ])('is left out: %s', async (_what, wrap) => {
    const wrapped = Object.fromEntries(Object.entries(complete).map(([name, value]) => [name, wrap(value)]));
    expect(await dataOf(wrapped)).toEqual(await dataOf(complete));
  });

  it.each(Object.keys(complete))('leaves nothing of %s if there is nothing else', (name) => {
    if (!/TOKEN|REGION|ENDPOINT/.test(name)) {
      expect(refused({ ...complete, [name]: ' \n' }).field).toBe(name);
    }
  });

  it.each([
    ['\u200b', '\\u200b'],
    ['\u00a0x', '\\u00a0x'],
    ['\u202e', '\\u202e'],
    ['\u{e0041}', '\\udb40\\udc41'],
  ])('is seen inside of a value that is refused: %j', (bad, shown) => {
    expect(refused({ ...complete, SHARDBEAT_GROUP: `orders${bad}y` }).message).toContain(`"orders${shown}y"`);
  });

  it.each(
    Object.keys(complete).flatMap((name) =>
      ['x\r\ny: z', 'x y', 'x\ty', 'schlüssel', '日本', 'x\u0000y', 'x\u007f'].map(
        (bad) => [name, bad] as const,
      ),
    ),
  )('is refused inside of %s: %j', (name, bad) => {
    const error = refused({ ...complete, [name]: bad });
    expect(error.field).toBe(name);
    if (/ACCESS_KEY|TOKEN/.test(name)) expect(error.message).not.toContain(bad.slice(0, 3));
    expect(error.message).not.toMatch(/the-(id|secret|token)/);
  });
});

describe.each([
  ['SLS', slsPlace],
  ['CLS', clsPlace],
] as const)('where a key of %s is stored', (source, place) => {
  const key = '{"accessKeyId": "the-id", "accessKeySecret": "the-secret"}';

  it.each(['SECRET', 'PARAMETER'])('is a name, and not the key itself: %s', (which) => {
    const error = refused({ ...place, [`SHARDBEAT_${source}_${which}`]: key });
    expect(error.field).toBe(`SHARDBEAT_${source}_${which}`);
    expect(error.message).not.toMatch(/the-secret|the-id/);
    expect(read({ ...place, [`SHARDBEAT_${source}_${which}`]: 'shop/key\n' })).toBeDefined();
  });

  it.each(['ftp://ssm', 'http://ssm/path', 'http://s sm', 'http://', '日本'])(
    'is asked for at an address: %j is none',
    (endpoint) => {
      const stored = { ...place, [`SHARDBEAT_${source}_PARAMETER`]: '/shop/key' };
      expect(refused({ ...stored, AWS_ENDPOINT_URL_SSM: endpoint }).field).toBe('AWS_ENDPOINT_URL_SSM');
      expect(refused({ ...stored, AWS_ENDPOINT_URL: endpoint }).field).toBe('AWS_ENDPOINT_URL');
    },
  );
});

describe('a duration', () => {
  it.each([
    '010s',
    '00m',
    '1e300h',
    `${'9'.repeat(400)}h`,
    'Infinityh',
    'NaNs',
    '25h',
    '-0s',
    '0x10s',
    '.5s',
    '1.s',
  ])('is not written %j', (text) => {
    expect(() => parseDuration('interval', text)).toThrow(SettingsError);
  });

  it.each([
    ['SHARDBEAT_INTERVAL', '0s'],
    ['SHARDBEAT_FUNCTION_TIMEOUT', '0s'],
    ['SHARDBEAT_FUNCTION_TIMEOUT', '1ms'],
    ['SHARDBEAT_FUNCTION_TIMEOUT', '199ms'],
    ['SHARDBEAT_SESSION_TIMEOUT', '0ms'],
    ['SHARDBEAT_SESSION_TIMEOUT', '25h'],
    ['SHARDBEAT_SESSION_TIMEOUT', '99999999999h'],
    ['SHARDBEAT_PULL_INTERVAL', '0s'],
    ['SHARDBEAT_PULL_INTERVAL', '24h'],
  ])('is refused as %s: %s', (field, text) => {
    expect(refused({ ...sls, [field]: text }).field).toBe(field);
  });

  it('may be a day for a session, and a fifth of a second for a tick', () => {
    const extremes = { SHARDBEAT_SESSION_TIMEOUT: '24h', SHARDBEAT_FUNCTION_TIMEOUT: '200ms' };
    const { times } = read({ ...sls, ...extremes });
    expect(times).toMatchObject({ sessionTimeoutMs: 86_400_000, functionTimeoutMs: 200, reserveMs: 50 });
  });
});

describe('a time', () => {
  it.each([
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2026-01-31T12:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.250+08:00', Date.UTC(2026, 0, 31, 4, 0, 0, 250)],
    ['2026-01-01T00:00:00+0530', Date.UTC(2025, 11, 31, 18, 30)],
    ['2026-01-31T23:59:59.999999999-11:00', Date.UTC(2026, 1, 1, 10, 59, 59, 999)],
  ])('is read: %s', (text, unixMs) => {
    expect(parseInstant(text)).toBe(unixMs);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T25:00:00Z',
    '2026-01-31T12:60:00Z',
    '2016-12-31T23:59:60Z',
    '2026-01-31T12:00:00+15:00',
    '2026-01-31T12:00:00+01:60',
    '2026-01-31T12:00.5Z',
    '2026-01-31T1:2Z',
    '2026-01-31T12:00:00',
    '2026-01-31 12:00:00Z',
    '0763700000',
    '-763700000',
    '1763700000000',
    '1e9',
  ])('is in no calendar and on no clock, and refused: %s', (text) => {
    expect(refused({ ...sls, SHARDBEAT_START: text }).field).toBe('SHARDBEAT_START');
    expect(refused({ ...sls, SHARDBEAT_END: text }).field).toBe('SHARDBEAT_END');
  });

  it('to start at has come, but for what clocks may differ', () => {
    const at = (unixMs: number) => ({ ...sls, SHARDBEAT_START: new Date(unixMs).toISOString() });
    expect(read(at(NOW + 15 * 60_000)).start).toMatchObject({ at: 'time' });
    expect(refused(at(NOW + 15 * 60_000 + 1)).message).toMatch(/^SHARDBEAT_START: .*in the future/);
    expect(refused({ ...sls, SHARDBEAT_START: '9999999999' }).field).toBe('SHARDBEAT_START');
  });

  it('to end at comes after the one to start at', () => {
    const span = (SHARDBEAT_START: string, SHARDBEAT_END: string) => ({
      ...sls,
      SHARDBEAT_START,
      SHARDBEAT_END,
    });
    expect(read(span('1700000000', '1700000001')).endAt).toBe(1_700_000_001_000);
    for (const end of ['1700000000', '1600000000']) {
      expect(refused(span('1700000000', end)).message).toMatch(
        /^SHARDBEAT_END: .*SHARDBEAT_START \(1700000000\)/,
      );
    }
    // A group that is done is started again now and then, when its end is long past.
    expect(read(span('end', '1700000000')).endAt).toBe(1_700_000_000_000);
  });
});

it('secrets of the whole environment are kept before anything is read', () => {
  const environment = { ...sls, ORDERS_DB_PASSWORD: 'kept by reading', SHARDBEAT_INTERVAL: 'never' };
  expect(() => read(environment)).toThrow(SettingsError);
  expect(hideSecrets('it is kept by reading')).toBe('it is (hidden)');
});

it.each(['', ' ', '\r\n'])('a setting that is set to nothing (%j) is not set', (nothing) => {
  const set = { SHARDBEAT_START: nothing, SHARDBEAT_SLOTS: nothing, SHARDBEAT_SESSION_TIMEOUT: nothing };
  expect(read({ ...sls, ...set })).toMatchObject({ start: { at: 'begin' }, slots: undefined });
  expect(refused({ ...sls, SHARDBEAT_GROUP: nothing }).message).toContain('SHARDBEAT_GROUP: missing');
});

describe('a setting that nobody reads', () => {
  const unknownIn = (more: Record<string, string>) => read({ ...sls, ...more }).unknown;

  it.each([
    ['SHARDBEAT_STRAT', 'SHARDBEAT_START'],
    ['SHARDBEAT_CURSOR_EXPIRE', 'SHARDBEAT_CURSOR_EXPIRED'],
    ['SHARDBEAT_SLS_LOGSTORES', 'SHARDBEAT_SLS_LOGSTORE'],
    ['shardbeat_end', 'SHARDBEAT_END'],
    // Three letters are as many as may differ.
    ['SHARDBEAT_CURSOR_EXPI', 'SHARDBEAT_CURSOR_EXPIRED'],
  ])('is told, with the name that was meant: %s', (name, meant) => {
    expect(unknownIn({ [name]: 'the-value' })).toEqual([
      { name, remedy: `there is no such setting; ${meant} is one` },
    ]);
  });

  it('is told without a guess where nothing is like it, and not if it is set to nothing', () => {
    expect(unknownIn({ SHARDBEAT_CURSOR_EXP: 'latest' })[0]!.remedy).toBe('there is no such setting');
    expect(unknownIn({ SHARDBEAT_FAVOURITE_COLOUR: 'red', SHARDBEAT_SESION_TIMEOUT: '' })).toEqual([
      { name: 'SHARDBEAT_FAVOURITE_COLOUR', remedy: 'there is no such setting' },
    ]);
  });

  it('may be of the other source', () => {
    const remedy = 'it is of another source than the one that is read: it is not looked at';
    expect(unknownIn({ SHARDBEAT_CLS_TOPICS: 'a' })).toEqual([{ name: 'SHARDBEAT_CLS_TOPICS', remedy }]);
    expect(read({ ...cls, SHARDBEAT_SLS_PROJECT: 'a' }).unknown).toEqual([
      { name: 'SHARDBEAT_SLS_PROJECT', remedy },
    ]);
  });

  it('is no secret, and there are not endlessly many', () => {
    const many = Object.fromEntries(
      Array.from({ length: 99 }, (_, index) => [`SHARDBEAT_${'X'.repeat(200)}${index}`, 'the-value']),
    );
    const unknown = unknownIn(many);
    expect(unknown).toHaveLength(20);
    expect(JSON.stringify(unknown).length).toBeLessThan(5_000);
    expect(JSON.stringify(unknown)).not.toContain('the-value');
    expect(read(sls).unknown).toEqual([]);
    expect(read(cls).unknown).toEqual([]);
  });

  it.each([
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['kitten', 'sitting', 3],
    ['start', 'strat', 2],
  ])('is as far from another as letters differ: %j, %j: %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
    expect(editDistance(to, from)).toBe(distance);
  });
});

describe('the slots of a group', () => {
  it.each([
    ['1', ['consumer-0']],
    ['3', ['consumer-0', 'consumer-1', 'consumer-2']],
    ['b, a', ['a', 'b']],
    ['consumer-7', ['consumer-7']],
    ['1-2', ['consumer-0', 'consumer-1']],
  ])('are a count or names: %s', (text, slots) => {
    expect(read({ ...sls, SHARDBEAT_SLOTS: text }).slots).toEqual(slots);
  });

  it.each(['0', '-1', '1001', '01', '1.5e3,', 'a,,b', 'a b', 'größe', '0-2', '3-2', '2-1001'])(
    'are not %j',
    (text) => {
      expect(refused({ ...sls, SHARDBEAT_SLOTS: text }).field).toBe('SHARDBEAT_SLOTS');
    },
  );

  it('follow the load between a least and a greatest number, if these differ', () => {
    const slotsMin = (text: string | undefined) => read({ ...sls, SHARDBEAT_SLOTS: text }).slotsMin;
    expect([slotsMin('2-40'), slotsMin('2-2'), slotsMin('40'), slotsMin('a,b'), slotsMin(undefined)]).toEqual(
      [2, ...[undefined, undefined, undefined, undefined]],
    );
  });

  it('are the only ones that an event may name, where they are said', () => {
    const { slots } = readSlots('SHARDBEAT_SLOTS', '12');
    expect(readSlot({ slot: 'consumer-11' }, slots)).toBe('consumer-11');
    expect(readSlot({ slot: 'anything' }, read(sls).slots)).toBe('anything');
    for (const slot of ['consumer-O', 'consumer-12', 'Consumer-0', 'consumer-00']) {
      expect(() => readSlot({ slot }, slots)).toThrow(
        `event.slot: "${slot}" cannot be used: the group has consumer-0, consumer-1, consumer-2, consumer-3, consumer-4 and 7 more`,
      );
    }
  });
});
