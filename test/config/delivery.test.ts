import { describe, expect, it } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { SettingsError } from '../../lib/errors.ts';
import { DELIVERY } from '../support/delivery.ts';

const complete = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_INTERVAL: '1m',
  SHARDBEAT_SOURCE: 'sls',
  SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
  SHARDBEAT_SLS_PROJECT: 'shop',
  SHARDBEAT_SLS_LOGSTORE: 'orders',
  SHARDBEAT_SLS_ACCESS_KEY_ID: 'id',
  SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'very-secret',
};
const read = (given: Record<string, string>) => readSettings({ ...complete, ...given });
const placeOf = (text: string, more: Record<string, string> = {}) =>
  read({ SHARDBEAT_DEAD_LETTERS: text, ...more }).deadLetters.place;

/** Such as `{ BATCH_BYTES_MIN: '1' }`. */
const named = (short: Record<string, string>) =>
  Object.fromEntries(Object.entries(short).map(([name, value]) => [`SHARDBEAT_${name}`, value]));

it('nothing is set, and every default holds', () => {
  const { delivery, deadLetters } = read({});
  expect(delivery).toEqual(DELIVERY);
  expect(deadLetters).toEqual({ place: { at: 'table' }, lettersMax: 10_000 });
});

it('all that is set is read', () => {
  const { delivery, deadLetters } = read(
    named({
      ATTEMPTS_MAX: '100',
      ON_POISON: 'block',
      BATCH_RECORDS_MAX: '250',
      BATCH_IDENTITY: 'durable',
      RECORD_AGE_MAX: '7d',
      BATCH_BYTES_MIN: '1048576',
      BATCH_WAIT_MAX: '10m',
      RECORDS_PARALLEL_MAX: '16',
      DEAD_LETTERS_MAX: '50',
    }),
  );
  expect(delivery).toEqual({
    attemptsMax: 100,
    onPoison: 'block',
    recordsMax: 250,
    identity: 'durable',
    ageMaxMs: 7 * 86_400_000,
    bytesMin: 1_048_576,
    waitMaxMs: 600_000,
    recordsParallelMax: 16,
  });
  expect(deadLetters.lettersMax).toBe(50);
});

describe('one alone is refused', () => {
  it.each([
    ['ATTEMPTS_MAX', '0', 'write a whole number from 1 to 100'],
    ['ATTEMPTS_MAX', '101', 'write a whole number from 1 to 100'],
    ['ON_POISON', 'deadletter', 'choose deadLetter or block'],
    ['BATCH_RECORDS_MAX', '0', 'or leave it out for no limit'],
    ['BATCH_IDENTITY', 'true', 'choose refused or durable'],
    ['RECORD_AGE_MAX', '7', 'write a number and a unit'],
    ['RECORD_AGE_MAX', '3651d', 'choose 3650d or less'],
    ['RECORDS_PARALLEL_MAX', '1001', 'write a whole number from 1 to 1000'],
    ['DEAD_LETTERS_MAX', '1000001', 'write a whole number from 1 to 1000000'],
  ])('%s: %s', (name, value, remedy) => {
    const refused = refusedBy({ [name]: value });
    expect(refused.field).toBe(`SHARDBEAT_${name}`);
    expect(refused.message).toContain(value);
    expect(refused.message).toContain(remedy);
  });
});

describe('those that interact', () => {
  const JOINED = { BATCH_BYTES_MIN: '1', BATCH_WAIT_MAX: '1m' };
  const cases: [string, Record<string, string>, string | undefined, string?][] = [
    ['a size and a wait', JOINED, undefined],
    [
      'a size without a wait',
      { BATCH_BYTES_MIN: '1' },
      'BATCH_WAIT_MAX',
      'SHARDBEAT_BATCH_BYTES_MIN needs it',
    ],
    [
      'a wait without a size',
      { BATCH_WAIT_MAX: '1m' },
      'BATCH_BYTES_MIN',
      'SHARDBEAT_BATCH_WAIT_MAX needs it',
    ],
    ['a size as large as may be', { ...JOINED, BATCH_BYTES_MIN: '67108864' }, undefined],
    ['a larger one', { ...JOINED, BATCH_BYTES_MIN: '67108865' }, 'BATCH_BYTES_MIN', 'from 1 to 67108864'],
    ['a size of nothing', { ...JOINED, BATCH_BYTES_MIN: '0' }, 'BATCH_BYTES_MIN', 'from 1 to 67108864'],
    ['a wait under an interval', { ...JOINED, BATCH_WAIT_MAX: '59s' }, 'BATCH_WAIT_MAX', 'choose 1m or more'],
    ['the same, of a longer interval', { ...JOINED, INTERVAL: '5m' }, 'BATCH_WAIT_MAX', 'choose 5m or more'],
    ['a wait of over a day', { ...JOINED, BATCH_WAIT_MAX: '25h' }, 'BATCH_WAIT_MAX', 'choose 24h or less'],
    ['an age over the session', { RECORD_AGE_MAX: '181s' }, undefined],
    ['an age within a session', { RECORD_AGE_MAX: '3m' }, 'RECORD_AGE_MAX', 'choose more than 3m'],
    [
      'the same, of a longer session',
      { RECORD_AGE_MAX: '9m', SESSION_TIMEOUT: '10m' },
      'RECORD_AGE_MAX',
      'choose more than 10m',
    ],
    ['an age over the wait', { ...JOINED, BATCH_WAIT_MAX: '1h', RECORD_AGE_MAX: '2h' }, undefined],
    [
      'an age within the wait',
      { ...JOINED, BATCH_WAIT_MAX: '1h', RECORD_AGE_MAX: '1h' },
      'RECORD_AGE_MAX',
      'choose more than SHARDBEAT_BATCH_WAIT_MAX (1h)',
    ],
    ['records that are limited, and joined', { ...JOINED, BATCH_RECORDS_MAX: '10' }, undefined],
    [
      'a shard that stops, and dead letters for what is too old',
      { ON_POISON: 'block', RECORD_AGE_MAX: '1d' },
      undefined,
    ],
  ];

  it.each(cases)('%s', (_what, given, field, remedy = '') => {
    if (field === undefined) return expect(read(named(given))).toBeDefined();
    const refused = refusedBy(given);
    expect(refused.field).toBe(`SHARDBEAT_${field}`);
    return expect(refused.message).toContain(remedy);
  });
});

describe('dead letters', () => {
  it.each([
    ['s3://letters', { at: 's3', bucket: 'letters', prefix: '' }],
    ['s3://letters/', { at: 's3', bucket: 'letters', prefix: '' }],
    ['s3://my.letters/orders/dead/', { at: 's3', bucket: 'my.letters', prefix: 'orders/dead/' }],
    [
      'https://sqs.eu-west-1.amazonaws.com/123456789012/orders',
      { at: 'sqs', url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders', region: 'eu-west-1' },
    ],
    [
      'arn:aws:sqs:eu-west-1:123456789012:orders.fifo',
      { at: 'sqs', url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo', region: 'eu-west-1' },
    ],
    [
      'arn:aws-cn:sqs:cn-north-1:123456789012:orders',
      { at: 'sqs', url: 'https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders', region: 'cn-north-1' },
    ],
    [
      'http://127.0.0.1:4566/000000000000/orders',
      { at: 'sqs', url: 'http://127.0.0.1:4566/000000000000/orders', region: undefined },
    ],
  ])('may be at %s', (text, place) => {
    expect(placeOf(text)).toEqual(place);
  });

  it.each([
    'Table',
    'letters',
    's3://',
    's3:///prefix',
    's3://UPPER',
    's3://b',
    's3://my..letters',
    's3://192.168.5.4/letters',
    's3://letters//twice',
    's3://letters/a b',
    's3://letters/../other',
    's3://letters/ä',
    's3://letters?list',
    `s3://letters/${'x'.repeat(257)}`,
    'https://sqs.eu-west-1.amazonaws.com',
    'https://sqs.eu-west-1.amazonaws.com/',
    'https://sqs.eu-west-1.amazonaws.com/123/orders?Action=DeleteQueue',
    'https://sqs.eu-west-1.amazonaws.com/123/orders#x',
    'ftp://sqs.eu-west-1.amazonaws.com/123/orders',
    'arn:aws:sns:eu-west-1:123456789012:orders',
    'arn:aws:sqs:eu-west-1:12345:orders',
  ])('are not at %s', (text) => {
    const refused = refusedBy({ DEAD_LETTERS: text });
    expect(refused.field).toBe('SHARDBEAT_DEAD_LETTERS');
    expect(refused.message).toContain('write table, s3://bucket/prefix, or a queue');
  });

  it('show no password of a place that is refused', () => {
    const { message } = refusedBy({ DEAD_LETTERS: 'https://me:sesame@sqs.eu-west-1.amazonaws.com/1/orders' });
    expect(message).not.toContain('sesame');
  });

  it('are asked for at another address, as the SDK of AWS does it', () => {
    const all = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const one = {
      ...all,
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:2',
      AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:3',
    };
    expect(placeOf('s3://letters', all)).toMatchObject({ endpoint: 'http://127.0.0.1:1' });
    expect(placeOf('s3://letters', one)).toMatchObject({ endpoint: 'http://127.0.0.1:2' });
    const arn = 'arn:aws:sqs:eu-west-1:123456789012:orders';
    expect(placeOf(arn, all)).toMatchObject({ url: 'http://127.0.0.1:1/123456789012/orders' });
    expect(placeOf(arn, one)).toMatchObject({ url: 'http://127.0.0.1:3/123456789012/orders' });
    expect(() => placeOf('s3://letters', { AWS_ENDPOINT_URL: 'http://a/b' })).toThrow(/^AWS_ENDPOINT_URL: /);
    // A queue's URL says where it is.
    const url = 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders';
    expect(placeOf(url, one)).toMatchObject({ url });
  });
});

function refusedBy(given: Record<string, string>): SettingsError {
  try {
    read(named(given));
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return error as SettingsError;
  }
  return expect.unreachable('it was taken');
}
