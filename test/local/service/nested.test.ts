import { parseArgs } from 'node:util';
import { expect, test } from 'vitest';
import { SettingsError } from '../../../lib/errors.ts';
import { type Nesting, readNested } from '../../../local/service/serve/nested.ts';

interface Book {
  readonly shelf: string;
  readonly name: string;
  pages: string;
}

const BOOKS: Nesting<Book> = {
  parent: 'shelf',
  child: 'book',
  create: (shelf, name) => ({ shelf, name, pages: '1' }),
  settings: {
    pages: (book, value) => {
      book.pages = value;
    },
  },
};

const read = (...args: string[]): Book[] => {
  const text = { type: 'string', multiple: true } as const;
  const options = { shelf: text, book: text, pages: text, other: text };
  return readNested(parseArgs({ args, options, tokens: true }).tokens, BOOKS);
};

test('what is named is in the one before it, and settings are for the one before them', () => {
  expect(
    read('--shelf=a', '--book=x', '--pages=2', '--book=y', '--shelf=b', '--book=x', '--other=z', '--pages=3'),
  ).toEqual([
    { shelf: 'a', name: 'x', pages: '2' },
    { shelf: 'a', name: 'y', pages: '1' },
    { shelf: 'b', name: 'x', pages: '3' },
  ]);
});

test.each<[string[], string]>([
  [['--book=x'], '--book: "x" cannot be used: name the shelf that it is in before it'],
  [['--shelf=a', '--pages=1'], '--pages: "1" cannot be used: name the book that it is for before it'],
  [['--shelf=a', '--book=x', '--shelf=b', '--pages=1'], 'name the book that it is for before it'],
  [
    ['--shelf=a', '--book=x', '--shelf=a', '--book=x'],
    '--book: "x" cannot be used: it is named twice in shelf a',
  ],
])('%j is refused', (args, message) => {
  expect(() => read(...args)).toThrow(SettingsError);
  expect(() => read(...args)).toThrow(message);
});
