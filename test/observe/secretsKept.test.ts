/** How many secrets are kept, and which of several is hidden. In a file of its own: what a process keeps is one list. */
import { expect, it } from 'vitest';
import { hideSecrets, keepSecret, keepSecretsOf } from '../../lib/observe/secrets.ts';

it('of a secret within another one nothing is left over', () => {
  keepSecret('kYz01234');
  keepSecret('kYz01234-and-what-follows');
  expect(hideSecrets('<kYz01234-and-what-follows> <kYz01234>')).toBe('<(hidden)> <(hidden)>');
});

it('those of long ago make room', () => {
  keepSecret('the first of all');
  for (let number = 0; number < 256; number++) keepSecret(`number ${1_000 + number} of many`);
  expect(hideSecrets('the first of all; number 1255 of many')).toBe('the first of all; (hidden)');
});

it('what is too short or too long for one is none', () => {
  const long = 'x'.repeat(16 * 1024);
  keepSecret('kYz0123', `${long}x`, long);
  expect(hideSecrets('kYz0123')).toBe('kYz0123');
  expect(hideSecrets(`${long}x`)).toBe('(hidden)x');
});

it('each way to write one is known', () => {
  const secret = 'q"7/zü +%w\\end';
  keepSecret(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const forms = {
    plain: secret,
    json,
    'json of PHP and Java': json.replaceAll('/', '\\/'),
    'json within json': JSON.stringify(json).slice(1, -1),
    'a URL': encodeURI(secret),
    'a part of a URL': encodeURIComponent(secret),
    'a form': new URLSearchParams({ '': secret }).toString().slice(1),
  };
  const shown = Object.entries(forms).map(([way, form]) => [way, hideSecrets(`<${form}>`)]);
  expect(Object.fromEntries(shown)).toEqual(
    Object.fromEntries(Object.keys(forms).map((way) => [way, '<(hidden)>'])),
  );
});

it('one with a line end is hidden without it as well', () => {
  keepSecretsOf({ ORDERS_PASSWORD: 'from a file\n' });
  expect(hideSecrets('<from a file> <from a file\n>')).toBe('<(hidden)> <(hidden)>');
});
