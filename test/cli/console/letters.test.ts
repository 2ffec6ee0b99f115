import { expect, it } from 'vitest';
import { letterAnswer } from '../../../cli/console/letters.ts';
import type { KeptLetter } from '../../../lib/operations.ts';
import { letterOf } from '../../support/letters.ts';
import { createServing } from './serving.ts';

const keptLetter = (index: number, given: Partial<KeptLetter> = {}): KeptLetter => {
  const { topic, source, tags, pairs, ...head } = letterOf(index);
  const untried = { redrives: 0, redrivenAt: undefined, redriveMessage: undefined, claimedUntil: undefined };
  return { ...head, ...untried, record: { topic, source, tags, pairs }, ...given };
};
const withFields = (...pairs: [string, Uint8Array][]) => {
  const record = {
    topic: '',
    source: '',
    tags: {},
    pairs: pairs.map(([key, value]) => [Buffer.from(key), value] as const),
  };
  return letterAnswer(keptLetter(1, { record } as never)).record!;
};

it('one is told with its record, of which bytes that are no UTF-8 are told as such', () => {
  const answer = letterAnswer(keptLetter(1, { redrives: 2, redriveMessage: 'Error: again' }));
  expect(answer).toMatchObject({
    id: '0/7/1',
    shard: '0',
    why: 'the function failed each time',
    redrives: 2,
    redriveMessage: 'Error: again',
    stream: { project: 'shop', logstore: 'orders' },
    functionVersion: '$LATEST',
    record: {
      topic: 'topic',
      tags: { host: 'web-1' },
      fields: [
        { key: { text: 'content' }, value: { text: 'record 1', as: 'text', bytes: 8, cut: false } },
        { key: { text: 'content' }, value: { text: 'again' } },
        { key: { text: 'raw' }, value: { text: '00fffec0', as: 'hex', bytes: 4, cut: false } },
      ],
      fieldsLeft: 0,
    },
  });
  expect(letterAnswer(keptLetter(1, { record: undefined })).record).toBeUndefined();
});

it('a value that is long is cut between two characters; bytes are cut, too', () => {
  const [value, bytes] = withFields(
    ['text', Buffer.from(`a${'é'.repeat(50_000)}`)],
    ['raw', Buffer.alloc(100_000, 255)],
  ).fields.map((field) => field.value);
  expect(value).toMatchObject({ as: 'text', bytes: 100_001, cut: true });
  expect(value!.text).toBe(`a${'é'.repeat(32_767)}`);
  expect(bytes).toMatchObject({ as: 'hex', bytes: 100_000, cut: true });
  expect(bytes!.text).toBe('ff'.repeat(32_768));
});

it('a record is told as far as a page can bear', () => {
  const large = withFields(
    ...Array.from({ length: 20 }, () => ['k', Buffer.alloc(60_000, 97)] as [string, Buffer]),
  );
  expect([large.fields.length, large.fieldsLeft]).toEqual([9, 11]);
  expect(JSON.stringify(large).length).toBeLessThan(600_000);
  const many = withFields(
    ...Array.from({ length: 1_500 }, () => ['k', Buffer.from('v')] as [string, Buffer]),
  );
  expect(many).toMatchObject({ fieldsLeft: 500 });
});

it('they are listed, the latest first, up to a limit, and one is found by its id', async () => {
  const serving = await createServing();
  try {
    serving.letters.push(
      ...[1, 2, 3].map((index) => keptLetter(index, { givenUpAt: 100 + index, id: `a b/${index}` })),
    );
    const list = async (query: string) => {
      const { status, body } = await serving.ask({ path: `dead-letters${query}` });
      return { status, ...JSON.parse(body) };
    };
    const ids = (answer: { letters: { id: string }[] }) => answer.letters.map(({ id }) => id);
    const all = await list('');
    expect(all).toMatchObject({ status: 200, all: 3, more: false });
    expect(ids(all)).toEqual(['a b/3', 'a b/2', 'a b/1']);
    const two = await list('?limit=2&shard=0&error=Type%20Error');
    expect(two).toMatchObject({ all: 3, more: true });
    expect(ids(two)).toEqual(['a b/2', 'a b/1']);
    expect(serving.calls.at(-1)).toBe('list {"shard":"0","error":"Type Error"}');
    expect(await list('?limit=3')).toMatchObject({ more: false });
    const before = serving.lettersRead();
    await list('?limit=1');
    expect(serving.lettersRead() - before).toBe(2);
    for (const limit of ['0', '1001', '-1', '1e3', 'all']) {
      expect(await list(`?limit=${limit}`)).toMatchObject({
        status: 400,
        error: expect.stringContaining('limit: '),
      });
    }
    const one = await serving.ask({ path: `dead-letters/${encodeURIComponent('a b/2')}` });
    expect(JSON.parse(one.body)).toMatchObject({ id: 'a b/2', record: { fieldsLeft: 0 } });
    for (const path of ['dead-letters/a', 'dead-letters/', 'dead-letters/%ff']) {
      expect(await serving.ask({ path })).toMatchObject({ status: 404 });
    }
  } finally {
    await serving.close();
  }
});
