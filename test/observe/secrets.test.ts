import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { presentable, SettingsError, SourceError, StoreError } from '../../lib/errors.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { explain, messageOf } from '../../lib/observe/plainError.ts';
import { beginningOf, hideSecrets, keepSecret, keepSecretsOf } from '../../lib/observe/secrets.ts';

/** Begins every secret planted here: not even the beginning of one may be seen. */
const MARK = 'Zq9';

const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
});
const awkward = fc.string({
  unit: fc.constantFrom('"', '\\', '/', '%', '+', '=', '&', "'", ' ', 'é', '密', '\n', 'a'),
});
const secret = fc
  .tuple(fc.oneof(printable, awkward), fc.constantFrom(12, 40, 1_500))
  .map(([text, length]) => MARK + (text || 'x').repeat(length).slice(0, length).toWellFormed());

/** How a secret comes to stand in a text. */
const wrap = fc.constantFrom<(secret: string) => string>(
  (secret) => secret,
  (secret) => JSON.stringify({ any: secret }),
  (secret) => JSON.stringify({ body: JSON.stringify({ any: secret }) }),
  (secret) => `https://example.com/?any=${encodeURIComponent(secret)}`,
  (secret) => `${secret}${secret} and ${secret}`,
);

/** Cut anywhere: texts are bounded at several lengths. */
const before = fc.oneof(
  fc.nat(300),
  fc.nat(20_000),
  fc
    .constantFrom(200, 500, 1_000, 2_000, 4_096, 8_192)
    .chain((edge) => fc.nat(60).map((back) => edge - back)),
);

/** Everything that becomes of a text: lines, errors, and what a tick answers and stores. */
function shownOf(text: string): string[] {
  const shown: string[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => shown.push(line), now: () => 0 });
  const error = Object.assign(new Error(text, { cause: { message: text, code: text } }), {
    code: text,
    requestId: text,
    config: { headers: { any: text }, data: text },
    toJSON: () => ({ text }),
  });
  const errors = [
    error,
    new AggregateError([error, text], text),
    new SettingsError('SHARDBEAT_GROUP', text, text),
    new SourceError(text, { code: text, status: 500, retriable: true, cause: error }),
    new StoreError(text, { code: 'X', outcome: 'unknown', retriable: true, cause: error }),
    Object.assign(() => text, { message: text }),
    text,
    { message: text, stack: text },
  ];
  for (const thrown of errors) {
    logger.error('batch.failed', { error: thrown, other: [thrown] });
    const { name, message, stack } = presentable(thrown);
    shown.push(messageOf(thrown, 200), messageOf(thrown), explain(thrown), name, message, stack ?? '');
  }
  logger.info(text, { text, [text]: text, list: [text], map: new Map([[text, new Set([text])]]) });
  logger.with({ text }).warn('with', { symbol: Symbol(text), url: { toJSON: () => text } });
  return shown;
}

test('a secret that is known is in nothing that gets out, wherever it stands and whatever cuts it', () => {
  fc.assert(
    fc.property(secret, wrap, before, fc.nat(20), (secret, wrap, before, after) => {
      keepSecret(secret);
      const text = `${'. '.repeat(before).slice(0, before)}${wrap(secret)}${' .'.repeat(after)}`;
      for (const shown of shownOf(text)) expect(shown).not.toContain(MARK);
    }),
    { numRuns: 150 },
  );
});

test('what is said around a secret stays', () => {
  keepSecret(`${MARK}-of-this-test`);
  expect(hideSecrets(`the key ${MARK}-of-this-test is disabled`)).toBe('the key (hidden) is disabled');
});

describe('a secret that nobody told of', () => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ${MARK}AAAA.${MARK}AAAAAAAA`;
  test.each([
    [`{"headers":{"authorization":"LOG LTAI:${MARK}abc=","host":"a"}}`, '"host":"a"'],
    [`{"x-acs-security-token":"${MARK}abc","host":"a"}`, '"host":"a"'],
    [`{"body":"{\\"accessKeySecret\\":\\"${MARK}abc\\",\\"n\\":1}"}`, '\\"n\\":1'],
    [
      `{"accessKeyId":"LTAI4abc","accessKeySecret":"${MARK}a\\"b${MARK}","securityToken":"${MARK}"}`,
      'LTAI4abc',
    ],
    [`{"set-cookie":["sid=${MARK}", "b=${MARK}"],"host":"a"}`, '"host":"a"'],
    [`{ password: '${MARK}', user: 'me' }`, "user: 'me'"],
    [`Authorization: Bearer ${MARK}abcdefgh\nHost: a`, 'Host: a'],
    [`GET / failed: Cookie: sid=${MARK}; b=${MARK}\r\nHost: a`, 'Host: a'],
    [`TC3-HMAC-SHA256 Credential=AKID/2026, SignedHeaders=host, Signature=${MARK}abc`, 'SignedHeaders=host'],
    [`SLS4-HMAC-SHA256 Credential=LTAI/2026,Signature=${MARK}abc`, 'SLS4-HMAC-SHA256'],
    [`["authorization","LOG LTAI4abc:${MARK}aaaaaaaaaaaaaaaaaaaaaaaa=","host"]`, '"host"'],
    [`connect to postgres://shop:${MARK}@db:5432/orders failed`, '@db:5432/orders failed'],
    [`connect to https://shop:a/b${MARK}@db failed`, '@db failed'],
    [`https://a.example/?q=1&access_token=${MARK}&r=2`, '&r=2'],
    [`token: ${MARK}abc is expired`, 'is expired'],
    [`sent ${jwt} to a`, 'to a'],
    [`sent Basic ${MARK}abcdefg= to a`, 'to a'],
    [`with CAIS${MARK}${'aB3/'.repeat(40)} to a`, 'to a'],
    [`-----BEGIN RSA PRIVATE KEY-----\n${MARK}\n${MARK}\n-----END RSA PRIVATE KEY-----\nmore`, 'more'],
    [`https://a.blob.example/c?sp=r&sig=${MARK}%3D&sv=2022`, '&sv=2022'],
    [`AccountName=logs;AccountKey=${MARK}==;EndpointSuffix=a`, 'AccountName=logs;'],
    [`Endpoint=sb://a/;SharedAccessKeyName=Root;SharedAccessKey=${MARK}=;a=b`, ';a=b'],
    [`Server=db;Uid=sa;Pwd=${MARK};Database=a`, ';Database=a'],
    [`aws_secret_access_key = ${MARK}9\nregion = a`, 'region = a'],
    [`rawHeaders: [ 'X-Api-Key', '${MARK}abcdefgh9', 'accept', 'a' ]`, "'accept', 'a'"],
    [`sent ghp_${MARK}1234567890abcdef to a`, 'to a'],
    [`sent xoxb-1234567890-${MARK}abc to a`, 'to a'],
    [`sent sk-proj-${MARK}1234567890 to a`, 'to a'],
    [`POST https://hooks.slack.com/services/T0/B0/${MARK} failed`, ' failed'],
  ])('%j is recognised, and the rest is left', (text, rest) => {
    expect(hideSecrets(text)).not.toContain(MARK);
    expect(hideSecrets(text)).toContain(rest);
    expect(hideSecrets(hideSecrets(text))).toBe(hideSecrets(text));
    for (const shown of shownOf(text)) expect(shown).not.toContain(MARK);
  });

  test.each([
    'the secret is not there, the token neither: set both',
    'SHARDBEAT_SLS_ACCESS_KEY_SECRET: missing; set it',
    'SHARDBEAT_SLS_SECRET: "shop/sls-2026" cannot be used: check that it exists',
    '403 InvalidSecurityToken: the token has expired',
    '    at sign (file:///srv/app/node_modules/@scope/token/index.js:12:34)',
    'http://127.0.0.1:8080/a/b@c',
    'basic authentication is not supported',
    'the fields are "accessKeyId", "accessKeySecret", "securityToken", "expiration"',
    'it must hold {"accessKeyId": "…", "accessKeySecret": "…"}',
    'at sk-learning-is-fun-for-everyone',
    'in /srv/pwd/index.js:12',
  ])('is not seen where none is: %j', (text) => {
    expect(hideSecrets(text)).toBe(text);
  });

  it('is hidden by the name of its field, unless it is a number', () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', write: (line) => lines.push(line), now: () => 0 });
    const fields = {
      password: MARK,
      headers: { Authorization: MARK, Cookie: [MARK], 'X-Api-Key': MARK, accept: 'a' },
      credentials: { accessKeyId: MARK },
      map: new Map([['sessionToken', MARK]]),
      tokens: 12,
      secretName: 'shop/sls',
      auth: { user: 'me', pass: MARK },
      store: {
        connectionString: MARK,
        accountKey: MARK,
        sharedKey: MARK,
        pwd: MARK,
        jwt: MARK,
        signature: MARK,
      },
      passed: 'all',
    };
    logger.with({ apiKey: MARK }).info('state', fields);
    expect(lines[0]).not.toContain(MARK);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      headers: { Authorization: '(hidden)', accept: 'a' },
      tokens: 12,
      secretName: 'shop/sls',
      auth: { user: 'me' },
      passed: 'all',
    });
  });

  it('is hidden in the error of an HTTP client that keeps its request', () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', write: (line) => lines.push(line), now: () => 0 });
    const config = { headers: { authorization: `Bearer ${MARK}` }, data: `card=${MARK}` };
    const error = Object.assign(new Error('Request failed with status code 401'), {
      name: 'AxiosError',
      code: 'ERR_BAD_REQUEST',
      status: 401,
      config,
      response: { config, data: MARK },
      toJSON: () => ({ message: 'Request failed', config }),
    });
    logger.error('batch.failed', { error: new Error('the sink', { cause: error }), errors: [error] });
    expect(lines[0]).not.toContain(MARK);
    expect(JSON.parse(lines[0]!).error.cause).toMatchObject({ code: 'ERR_BAD_REQUEST', status: 401 });
  });
});

describe('the environment', () => {
  it('tells its secrets, the user’s own as well, and not what only names one', () => {
    keepSecretsOf({
      AWS_SESSION_TOKEN: `${MARK}-aws-token`,
      SINK_PASSWORD: `${MARK}-password`,
      DATABASE_URL: `postgres://shop:${MARK}-in-a-url@db/orders`,
      SHARDBEAT_SLS_SECRET: 'shop/sls-of-this-test',
      SHARDBEAT_CLS_PARAMETER: `{"pasted": "${MARK}-pasted"}`,
      GROUP: 'orders-of-this-test',
    });
    for (const text of [
      `${MARK}-aws-token`,
      `${MARK}-password`,
      `${MARK}-in-a-url`,
      `{"pasted": "${MARK}-pasted"}`,
    ]) {
      expect(hideSecrets(`it says ${text}`)).toBe('it says (hidden)');
    }
    expect(hideSecrets('shop/sls-of-this-test, orders-of-this-test')).toBe(
      'shop/sls-of-this-test, orders-of-this-test',
    );
  });
});

test('a text of any kind is looked through in a bounded time', () => {
  const parts = ['://', 'eyJ-', 'token', 'token:"', 'token\\"', '\\', 'secret: ', 'x-', 'a'];
  for (const part of parts) {
    const text = part.repeat(10_000_000 / part.length);
    expect(beginningOf(text, 8_192).length).toBeLessThanOrEqual(8_192);
  }
});
