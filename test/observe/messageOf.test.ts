/** What is noted of a failure: the first 200 characters of whatever was thrown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../lib/observe/plainError.ts';
import { keepSecret } from '../../lib/observe/secrets.ts';

const CHARACTERS_MAX = 200;
const noted = (thrown: unknown): string => messageOf(thrown, CHARACTERS_MAX);

const throwing = (): never => {
  throw new Error('no such luck');
};
const withGetters = (...fields: string[]): Error =>
  Object.defineProperties(
    new Error('x'),
    Object.fromEntries(fields.map((field) => [field, { get: throwing }])),
  );
const circular = (): Error => {
  const error = new Error('the sink refused');
  error.cause = error;
  return error;
};

describe('the first 200 characters', () => {
  const words = 'The sink has refused the batch. '.repeat(400_000);
  it.each<[string, () => unknown, string]>([
    ['an error', () => new TypeError('no such order'), 'TypeError: no such order'],
    ['an error with a message of more than 10 MB', () => new Error(words), `Error: ${words}`.slice(0, 200)],
    ['a text of more than 10 MB', () => words, words.slice(0, 200)],
    ['an error whose cause is itself', circular, 'Error: the sink refused'],
    [
      'an error whose cause is a circle',
      () => {
        const cause: Record<string, unknown> = {};
        cause.response = { cause };
        return new Error('the sink refused', { cause });
      },
      'Error: the sink refused',
    ],
    ['an object without prototype', () => Object.create(null), 'an object without a message was thrown'],
    [
      'an object without prototype that has a message',
      () => Object.assign(Object.create(null), { message: 'quota', code: 429 }),
      'quota',
    ],
    ['an error that has lost its prototype', () => Object.setPrototypeOf(new Error('odd'), null), 'odd'],
    ['an error whose message throws', () => withGetters('message'), 'Error'],
    ['an error whose name throws', () => withGetters('name'), 'x'],
    [
      'an error of which everything throws',
      () => withGetters('name', 'message', 'stack', 'cause', 'code', 'errors'),
      'an error without name and message',
    ],
    ['an error whose message is none', () => Object.assign(new Error(), { message: { a: 1 } }), 'Error'],
    [
      'an error with a name of more than 10 MB',
      () => Object.assign(new Error('x'), { name: words }),
      `${words.slice(0, 100)}: x`,
    ],
    ['nothing', () => undefined, 'undefined'],
    ['null', () => null, 'null'],
    ['a symbol', () => Symbol('odd'), 'Symbol(odd)'],
  ])('of %s', (_what, make, expected) => {
    expect(noted(make())).toBe(expected);
  });

  it('are whole characters', () => {
    expect(noted(`${'x'.repeat(199)}😀`)).toBe('x'.repeat(199));
    expect(noted(`${'x'.repeat(198)}😀`)).toBe(`${'x'.repeat(198)}😀`);
    expect(noted('\ud83d!')).toBe('\ufffd!');
  });

  it('are read of the error, and nothing else of it is', () => {
    const error = Object.defineProperty(new Error('x'), 'config', { get: () => expect.unreachable() });
    expect(noted(error)).toBe('Error: x');
  });
});

describe('a secret', () => {
  const known = 'a-secret-that-is-known-by-heart';
  keepSecret(known);

  it('is hidden wherever it stands, also where the text is cut, and however much follows', () => {
    const place = fc.nat(220);
    const secret = fc.constantFrom(known, 'password=hunter2hunter2', '"token": "hunter2hunter2"');
    const rest = fc.constantFrom('', ' and so on', 'x'.repeat(100_000));
    fc.assert(
      fc.property(place, secret, rest, fc.boolean(), (before, secret, after, isError) => {
        const text = `${'. '.repeat(before).slice(0, before)}${secret} ${after}`;
        const shown = noted(isError ? new Error(text) : text);
        expect(shown.length).toBeLessThanOrEqual(CHARACTERS_MAX);
        expect(shown).not.toMatch(/hunter|a-sec/);
      }),
    );
  });

  it('is hidden in a name, too', () => {
    for (let before = 60; before <= 110; before++) {
      const name = `${'x'.repeat(before)}${known}`;
      expect(noted(Object.assign(new Error('x'), { name }))).not.toContain('a-sec');
    }
  });
});
