import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { originsOf, type SourceMapText } from '../../lib/observe/sourceMap.ts';

const map = (mappings: string, names: string[] = []): SourceMapText => ({
  sources: ['one.ts', 'two.ts'],
  names,
  mappings,
});
const at = (text: SourceMapText, ...places: [line: number, column: number][]) =>
  originsOf(
    text,
    places.map(([line, column]) => ({ line, column })),
  );

describe('where a place of a bundle came from', () => {
  it('is what the last segment before it says', () => {
    // Columns 0 and 8 of the first line come from line 0 and 1 of one.ts.
    const text = map('AAAA,QACC');
    expect(
      at(text, [0, 0], [0, 7], [0, 8], [0, 900]).map((origin) => [origin?.line, origin?.column]),
    ).toEqual([
      [0, 0],
      [0, 0],
      [1, 1],
      [1, 1],
    ]);
  });

  it('is told in the order in which it was asked, and each place once or more often', () => {
    const text = map('AAAA,QACC');
    expect(at(text, [0, 9], [0, 1], [0, 9]).map((origin) => origin?.line)).toEqual([1, 0, 1]);
  });

  it('is nowhere before the first segment, in a line without one, behind the last line, and where a segment says nothing', () => {
    const text = map('QAAA;;AACA,QCDA,Q;');
    expect(at(text, [0, 7], [1, 0], [3, 0], [9, 9], [2, 16])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(at(text, [2, 15])).toEqual([{ source: 'two.ts', line: 0, column: 0, name: undefined }]);
  });

  it('goes on in the next line from where the one before was, but for the column of the bundle', () => {
    expect(at(map('QAAA;AACA'), [1, 0])).toEqual([{ source: 'one.ts', line: 1, column: 0, name: undefined }]);
  });

  it('has the name that stands there, and none that stands elsewhere', () => {
    const text = map('AAAAA,QAAAC,QAAA', ['first', 'second']);
    expect(at(text, [0, 0], [0, 8], [0, 16]).map((origin) => origin?.name)).toEqual([
      'first',
      'second',
      undefined,
    ]);
  });

  it('is nowhere for a map that is none', () => {
    expect(at(map(''), [0, 0])).toEqual([undefined]);
    expect(at({ ...map('AAAA'), sources: [] }, [0, 0])).toEqual([undefined]);
  });

  it('is where Node finds it, anywhere in a real bundle', async () => {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, '../../lib/sources/sls/source.ts')],
      bundle: true,
      minify: true,
      lineLimit: 500,
      platform: 'node',
      packages: 'external',
      sourcemap: true,
      outfile: 'out.js',
      write: false,
    });
    const [text, code] = outputFiles.map(({ text }) => text) as [string, string];
    const payload = JSON.parse(text);
    const lines = code.split('\n');
    const node = new SourceMap(payload);
    const last = at(payload, [lines.length, 0]);
    expect(last).toEqual([undefined]);
    const place = fc
      .integer({ min: 0, max: lines.length - 4 })
      .chain((line) => fc.tuple(fc.constant(line), fc.integer({ min: 0, max: lines[line]!.length + 5 })));
    fc.assert(
      fc.property(fc.array(place, { maxLength: 20 }), (places) => {
        const expected = places.map(([line, column]) => {
          const entry = node.findEntry(line, column);
          if (!('originalSource' in entry) || entry.generatedLine !== line) return undefined;
          const {
            originalSource: source,
            originalLine,
            originalColumn,
            name,
          } = entry as typeof entry & {
            name: string | undefined;
          };
          return { source, line: originalLine, column: originalColumn, name };
        });
        expect(at(payload, ...places)).toEqual(expected);
      }),
    );
  });
});
