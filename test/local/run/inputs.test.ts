import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { type Input, openInputs } from '../../../local/run/inputs.ts';

const LINE_BYTES_MAX = 1_048_576;
const directory = mkdtempSync(join(tmpdir(), 'inputs-test-'));
afterAll(() => rmSync(directory, { recursive: true }));
const never = new AbortController().signal;

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const open = (names: string[], stdin = ''): Promise<Input[]> =>
  openInputs(names, Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]), LINE_BYTES_MAX, never);

async function linesOf(input: Input): Promise<string[]> {
  const found: string[] = [];
  for await (const lines of input.read(never))
    found.push(...lines.map((line) => Buffer.from(line).toString()));
  return found;
}

describe('inputs', () => {
  it('are files, read line by line, and stdin', async () => {
    const [first, second] = await open([file('a.log', 'one\ntwo'), '-'], 'three\n');
    expect(first).toMatchObject({ lines: 2 });
    expect(await linesOf(first!)).toEqual(['one', 'two']);
    expect(second).toMatchObject({ name: 'stdin', lines: undefined });
    expect(await linesOf(second!)).toEqual(['three']);
  });

  it('are, where none is named, a generated access log that says so and is always the same', async () => {
    const [[once], [again]] = [await open([]), await open([])];
    expect(once!.name).toContain('generated');
    const lines = await linesOf(once!);
    expect(lines).toHaveLength(once!.lines!);
    expect(lines).toEqual(await linesOf(again!));
    expect(new Set(lines).size).toBeGreaterThan(19_900);
  });

  it('may be a pipe, which is read once', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const [input] = await open([path]);
    expect(input!.lines).toBeUndefined();
    execFileSync('sh', ['-c', `echo hello > '${path}' &`], { stdio: 'ignore' });
    expect(await linesOf(input!)).toEqual(['hello']);
  });
});

describe('an input that cannot be used', () => {
  const tooLong = 'x'.repeat(LINE_BYTES_MAX + 1);

  it.each([
    ['a file that is missing', () => join(directory, 'missing'), 'there is no such file'],
    ['a directory', () => directory, 'it is a directory'],
    ['an empty file', () => file('empty', ''), 'there is not a single line in it'],
    [
      'a line over the limit',
      () => file('long', `short\n${tooLong}\r\n`),
      'line 2 has 1,048,577 bytes, and the log service takes at most 1,048,576',
    ],
  ])('is told before anything runs: %s', async (_what, path, reason) => {
    const name = path();
    await expect(open([name])).rejects.toThrow(`--input: ${JSON.stringify(name)} cannot be used: ${reason}`);
  });

  it('is told if it may not be read', async () => {
    const path = file('secret', 'x\n');
    chmodSync(path, 0);
    // To root every file is open.
    if (process.getuid?.() !== 0) await expect(open([path])).rejects.toThrow('you may not read it');
  });

  it('is told on arrival on stdin', async () => {
    const [input] = await open(['-'], `short\n${tooLong}\n`);
    await expect(linesOf(input!)).rejects.toThrow('--input: "stdin" cannot be used: line 2 has');
  });

  it('is stdin named twice', async () => {
    await expect(open(['-', '-'])).rejects.toThrow('stdin can be read once');
  });
});

it('reading ends when the run is stopped, although stdin stays open', async () => {
  const stop = new AbortController();
  const stdin = new Readable({ read: () => {} });
  const [input] = await openInputs(['-'], stdin, LINE_BYTES_MAX, never);
  const reading = input!.read(stop.signal)[Symbol.asyncIterator]().next();
  stop.abort(new Error('stopped'));
  await expect(reading).rejects.toThrow('stopped');
});
