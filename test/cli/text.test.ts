import { describe, expect, it } from 'vitest';
import { about } from '../../cli/amounts.ts';
import { formatTable } from '../../cli/table.ts';
import { cut, cutWithin, plain } from '../../cli/text.ts';

describe('a duration', () => {
  it.each([
    [0, '0s'],
    [350, '350ms'],
    [59_999, '59s'],
    [60_000, '1m'],
    [125_000, '2m 5s'],
    [3_600_000 + 59_000, '1h'],
    [6 * 86_400_000 + 23 * 3_600_000 + 1, '6d 23h'],
    [-5, '0s'],
  ])('of %s ms is %s', (durationMs, text) => {
    expect(about(durationMs)).toBe(text);
  });
});

describe('what others wrote', () => {
  it('stays in its line, and does not steer the terminal', () => {
    expect(plain('a\u001b[2J\u001b]0;title\u0007b\r\nc\u0000\u009b1md\u2028')).toBe('ab c d');
  });

  it('is cut by what it takes on the screen', () => {
    expect(cut('日本語', 6)).toBe('日本語');
    expect(cut('日本語', 5)).toBe('日本…');
    expect(cut('日本語', 4)).toBe('日…');
    expect(cut('a👩‍👩‍👧b', 3)).toBe('a…');
  });

  it('is cut within where its end tells it from others', () => {
    expect(cutWithin('50a0ba89-3fd3:1', 15)).toBe('50a0ba89-3fd3:1');
    expect(cutWithin('50a0ba89-3fd3:1', 9)).toBe('50a0…d3:1');
    expect(cutWithin('consumer-12', 10)).toBe('consu…r-12');
    expect(cutWithin('日本語日本語', 7)).toBe('日…本語');
  });
});

describe('a table', () => {
  const rows = [
    { name: 'one', count: 5, note: 'a long note about the first of them', empty: '' },
    { name: 'second', count: 12_000, note: '', empty: undefined },
  ];
  const columns = [
    { title: 'NAME', value: ({ name }: (typeof rows)[0]) => name, least: 4 },
    { title: 'COUNT', align: 'right' as const, value: ({ count }: (typeof rows)[0]) => count },
    { title: 'EMPTY', value: ({ empty }: (typeof rows)[0]) => empty },
    { title: 'NOTE', value: ({ note }: (typeof rows)[0]) => note, least: 8 },
  ];

  it('is as wide as it has to be, without what is empty', () => {
    expect(formatTable(rows, columns)).toBe(
      'NAME    COUNT  NOTE\none         5  a long note about the first of them\nsecond  12000\n',
    );
  });

  it('fits: the widest that may be cut is cut first, and what may not be stays', () => {
    expect(formatTable(rows, columns, 30)).toBe(
      'NAME    COUNT  NOTE\none         5  a long note ab…\nsecond  12000\n',
    );
    expect(formatTable(rows, columns, 21)).toBe('NAME  COUNT  NOTE\none       5  a long …\nsec…  12000\n');
  });

  it('of nothing is nothing', () => {
    expect(formatTable([], columns)).toBe('');
  });

  it('tells rows apart whose names differ at the end, also in blocks', () => {
    const shards = [{ id: '50a0ba89-3fd3:1' }, { id: '50a0ba89-3fd3:2' }];
    const id = { title: 'SHARD', value: ({ id }: { id: string }) => id, least: 9, keepsEnd: true };
    expect(formatTable(shards, [id], 9)).toBe('SHARD\n50a0…d3:1\n50a0…d3:2\n');
    expect(formatTable(shards, [{ ...id, least: 15 }], 14)).toBe('SHARD  50a…3:1\n\nSHARD  50a…3:2\n');
  });

  it('does without what can be done without, before it is no table any more', () => {
    const some = columns.map((column) =>
      column.title === 'COUNT' ? { ...column, dispensable: true } : column,
    );
    expect(formatTable(rows, some, 21)).toBe(formatTable(rows, columns, 21));
    expect(formatTable(rows, some, 16)).toBe('NAME    NOTE\none     a long …\nsecond\n');
    expect(formatTable(rows, some, 12)).toBe(formatTable(rows, columns, 12));
  });

  it('is a block of lines for each row where nothing fits', () => {
    expect(formatTable(rows, columns, 20)).toBe(
      'NAME   one\nCOUNT  5\nNOTE   a long note …\n\nNAME   second\nCOUNT  12000\n',
    );
  });
});
