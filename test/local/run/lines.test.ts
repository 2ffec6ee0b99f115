import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineTooLong, splitLines } from '../../../local/run/lines.ts';

async function split(
  chunks: readonly (string | Uint8Array)[],
  bytesMax = 100,
  measure = true,
): Promise<string[]> {
  const source = (async function* () {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
  })();
  const found: string[] = [];
  for await (const lines of splitLines(source, { bytesMax, measure })) {
    found.push(...lines.map((line) => Buffer.from(line).toString('latin1')));
  }
  return found;
}

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

describe('lines of a stream of bytes', () => {
  it('end at line feeds, with or without a carriage return in front', async () => {
    expect(await split(['one\r\ntwo\nthree\r\r\n'])).toEqual(['one', 'two', 'three\r']);
  });

  it('may be empty, and the last one may lack its line feed', async () => {
    expect(await split(['\n\r\nlast'])).toEqual(['', '', 'last']);
    expect(await split([''])).toEqual([]);
    expect(await split(['\n'])).toEqual(['']);
  });

  it('are the same however the stream is cut into chunks, byte for byte', async () => {
    const bytes = fc.array(fc.oneof(fc.constantFrom(10, 13), fc.integer({ min: 0, max: 255 })), {
      maxLength: 60,
    });
    const cuts = fc.array(fc.nat(60), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (values, at) => {
        const whole = Buffer.from(values);
        const borders = [
          0,
          ...at.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b),
          whole.length,
        ];
        const chunks = borders.slice(1).map((end, index) => whole.subarray(borders[index], end));
        const text = whole.toString('latin1');
        const expected = text.split('\n').map((line) => line.replace(/\r$/, ''));
        if (text === '' || text.endsWith('\n')) expected.pop();
        expect(await split(chunks)).toEqual(expected);
      }),
    );
  });

  it('may be as long as the limit, carriage return not counted', async () => {
    expect(await split(['12345', '\r', '\n', '12345\n'], 5)).toEqual(['12345', '12345']);
  });
});

describe('a line that is too long', () => {
  it('is told with its number and its size, even if it ends chunks later', async () => {
    for (const chunks of [
      ['ok\n123456\n'],
      ['ok\n', '123', '456', '\n'],
      ['ok\n12345678', '90', '12\r', '\nmore\n'],
    ]) {
      const bytes = chunks.join('').split(/\r?\n/)[1]!.length;
      expect(await failure(split(chunks, 5))).toMatchObject({ line: 2, bytes, exact: true });
    }
  });

  it('is told as soon as it is too long where the stream may never end', async () => {
    const endless = (async function* () {
      while (true) yield Buffer.from('xxx');
    })();
    const lines = splitLines(endless, { bytesMax: 5, measure: false });
    const error = await failure(lines.next());
    expect(error).toBeInstanceOf(LineTooLong);
    expect(error).toMatchObject({ line: 1, exact: false });
  });
});
