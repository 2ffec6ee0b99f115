import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildFunctions } from '../../build.ts';
import { createWorkspace, type Finished, isAlive, summaryOf } from './runCli.ts';

const FAST = ['--interval', '500ms', '--json'];
const workspace = createWorkspace();
const { file, run, start } = workspace;

beforeAll(() => buildFunctions());
afterAll(workspace.remove);

const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, index) => `line ${index} ${'x'.repeat(index % 100)}\n`).join('');

/** A module of a user whose `process` appends every record it gets, in hex, to a file. */
function collector(name: string, before = ''): { module: string; output: string; collected(): string[] } {
  const output = join(workspace.directory, `${name}.out`);
  const module = file(
    `${name}.ts`,
    `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
     import type { Batch } from '/nowhere/types.ts';
     const output: string = ${JSON.stringify(output)};
     export async function process(batch: Batch, context: { signal: AbortSignal }): Promise<void> {
       const records = [...batch.records].map((record) => Buffer.from(record.bytes('content')).toString('hex'));
       ${before}
       appendFileSync(output, records.map((record) => record + '\\n').join(''));
     }`,
  );
  return { module, output, collected: () => readFileSync(output, 'utf8').split('\n').slice(0, -1) };
}

function expectNothingLeft({ pids, leftovers }: Finished): void {
  expect(pids.filter(isAlive)).toEqual([]);
  expect(leftovers).toEqual([]);
}

const clean = { duplicates: 0, lost: 0, outOfOrder: 0 };

describe('shardbeat local', () => {
  it('consumes a file to its end and accounts for every line', async () => {
    const finished = await run('--input', file('plain.log', linesOf(1_000)), ...FAST);
    expect(finished).toMatchObject({ code: 0 });
    const summary = summaryOf(finished);
    expect(summary).toMatchObject({ produced: 1_000, processed: 1_000, distinct: 1_000, ...clean });
    expect(summary.ticks).toBeGreaterThanOrEqual(2);
    expect(summary.dynamodb.writeUnits).toBeGreaterThanOrEqual(summary.ticks);
    expectNothingLeft(finished);
  });

  it('lets every consumer do its share, and shows it', async () => {
    const input = file('share.log', linesOf(3_000));
    const finished = await run('--input', input, '--interval', '500ms', '--shards', '6', '--consumers', '3');
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(finished.stdout).toMatch(
      /consumers +consumer-0: [1-9][\d,]*, consumer-1: [1-9][\d,]*, consumer-2: [1-9]/,
    );
    expect(finished.stdout).toContain('Every record came out, in the order of its shard.');
  });

  it('generates an access log where no input is named, and says so', async () => {
    const finished = await run(...FAST);
    expect(finished).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('input: generated access log'),
    });
    expect(summaryOf(finished)).toMatchObject({ produced: 20_000, distinct: 20_000, ...clean });
  });

  it('keeps each line’s bytes: binary, empty, CRLF, no newline at the end', async () => {
    const { module, collected } = collector('binary');
    const bytes = Buffer.from(
      Array.from({ length: 256 }, (_, value) => value).filter((value) => value !== 10),
    );
    const content = Buffer.concat([bytes, Buffer.from('\r\n\n\r\nplain\n\r\r\nGrößen\nlast')]);
    const input = file('binary.log', content);
    const finished = await run('--input', input, '--process', module, '--shards', '1', ...FAST);
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ produced: 7, distinct: 7, ...clean });
    const expected = [bytes, '', '', 'plain', '\r', 'Größen', 'last'];
    expect(collected()).toEqual(expected.map((line) => Buffer.from(line as string).toString('hex')));
  });

  it('reads several inputs, stdin among them', async () => {
    const running = start('--input', file('one.log', 'one\ntwo\n'), '--input', '-', ...FAST);
    running.child.stdin!.end('three\nfour');
    const finished = await running.finished;
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ produced: 4, distinct: 4, ...clean });
  });

  it('explains itself', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--consumers N'),
      stderr: '',
    });
  });
});

describe('what cannot be used is told before anything runs, with exit code 2', () => {
  const tooLong = 'x'.repeat(1_048_577);
  it.each<[string, () => string[], string]>([
    [
      'an unknown option',
      () => ['--shard', '4'],
      'option: "--shard" cannot be used: there is no such option',
    ],
    ['a bad number', () => ['--shards', 'many'], '--shards: "many" cannot be used: write a whole number'],
    ['another source', () => ['--source', 'cls'], '--source: "cls" cannot be used'],
    [
      'a missing file',
      () => ['--input', 'missing.log'],
      '--input: "missing.log" cannot be used: there is no such file',
    ],
    ['a directory', () => ['--input', '.'], '--input: "." cannot be used: it is a directory'],
    ['an empty file', () => ['--input', file('empty.log', '')], 'there is not a single line in it'],
    [
      'a line too long',
      () => ['--input', file('long.log', `a\n${tooLong}\nb\n`)],
      'line 2 has 1,048,577 bytes',
    ],
    [
      'a missing module',
      () => ['--process', 'missing.ts'],
      '--process: "missing.ts" cannot be used: there is no such file',
    ],
    [
      'a module that exports nothing of use',
      () => ['--process', file('none.ts', 'export const a = 1;')],
      'export a function named `process`',
    ],
    [
      'a module with a syntax error',
      () => ['--process', file('bad.ts', 'export const = 1;')],
      'it cannot be bundled: ',
    ],
  ])('%s', async (_what, args, message) => {
    const finished = await run(...args(), '--json');
    expect(finished).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
      pids: [],
    });
    // One clear line, no stack.
    expect(finished.stderr.trimEnd().split('\n')).toHaveLength(1);
    expectNothingLeft(finished);
  });

  it('a port that is taken', async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    for (const option of ['--sls-port', '--dynamodb-port']) {
      const finished = await run(option, String(port), ...FAST);
      expect(finished).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(`${option}: ${port} cannot be used`),
      });
      expectNothingLeft(finished);
    }
    other.close();
  });

  it('stdin without a line, and a line too long on stdin, as soon as that is known', async () => {
    const empty = await run('--input', '-', ...FAST);
    expect(empty).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('not a single line'),
    });
    const long = start('--input', '-', ...FAST);
    long.child.stdin!.on('error', () => {});
    long.child.stdin!.end(`a\n${tooLong}\n`);
    const finished = await long.finished;
    expect(finished).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('line 2 has') });
    expectNothingLeft(finished);
  });
});

describe('the user’s own process', () => {
  it('is called with every record, and may print what it likes', async () => {
    const { module, collected } = collector('own', `console.log('hello from ' + batch.shard);`);
    const input = file('own.log', linesOf(200));
    const finished = await run('--input', input, '--process', module, ...FAST);
    expect(finished).toMatchObject({ code: 0, stderr: expect.stringMatching(/consumer-\d \| hello from 0/) });
    const lines = readFileSync(input, 'latin1').split('\n').slice(0, -1);
    const hex = lines.map((line) => Buffer.from(line).toString('hex'));
    expect(collected().toSorted()).toEqual(hex.toSorted());
  });

  it('gets a batch again after it threw, and nothing is lost', async () => {
    const { module, output } = collector(
      'once',
      `if (!existsSync(output + '.failed')) {
         writeFileSync(output + '.failed', '');
         throw new Error('the database is away');
       }`,
    );
    const finished = await run('--input', file('once.log', linesOf(300)), '--process', module, ...FAST);
    expect(finished.stderr).toContain('Error: the database is away');
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ distinct: 300, ...clean });
    expect(existsSync(`${output}.failed`)).toBe(true);
  });

  it('is killed at the deadline if it never comes to an end, and its batch comes again', async () => {
    const { module } = collector(
      'spin',
      `if (!existsSync(output + '.spun')) {
         writeFileSync(output + '.spun', '');
         while (true);
       }`,
    );
    const finished = await run('--input', file('spin.log', linesOf(300)), '--process', module, ...FAST);
    expect(finished.stderr).toContain('was killed at its deadline');
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ distinct: 300, lost: 0, outOfOrder: 0 });
    expectNothingLeft(finished);
  });

  it('ends the run with its error if it throws each time', { timeout: 60_000 }, async () => {
    const { module } = collector('always', `throw new Error('the database is away');`);
    const finished = await run('--input', file('always.log', 'a\nb\n'), '--process', module, ...FAST);
    expect(finished).toMatchObject({ code: 1 });
    expect(finished.stderr).toMatch(
      /Nothing went on for 15s: 2 records .* The last error: .*Error: the database is away/,
    );
    expect(summaryOf(finished)).toMatchObject({ produced: 2, distinct: 0, lost: 2 });
    expectNothingLeft(finished);
  });

  it('ends the run at once if its module fails to load', async () => {
    const module = file(
      'unloadable.ts',
      `throw new Error('COLOUR is not set'); export const process = () => {};`,
    );
    const finished = await run('--process', module, ...FAST);
    expect(finished).toMatchObject({ code: 1, stdout: '' });
    expect(finished.stderr).toContain('COLOUR is not set');
    expectNothingLeft(finished);
  });
});

describe('a run that is stopped', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends at once, says what was left and leaves nothing',
    async (signal) => {
      const { module } = collector(
        `slow-${signal}`,
        `await new Promise((resolve) => setTimeout(resolve, 200));`,
      );
      const running = start('--input', '-', '--process', module, ...FAST);
      running.child.stdin!.write(linesOf(2_000));
      let stoppedAtMs = 0;
      running.onLine((line) => {
        if (!line.includes('takes shard') || stoppedAtMs > 0) return;
        stoppedAtMs = Date.now();
        running.child.kill(signal);
      });
      const finished = await running.finished;
      expect(Date.now() - stoppedAtMs).toBeLessThan(2_000);
      expect(finished).toMatchObject({ code: 130 });
      expect(finished.stderr).toMatch(/Stopped: [\d,]+ of 2,000 records .* not consumed/);
      expect(summaryOf(finished)).toMatchObject({ produced: 2_000, outOfOrder: 0 });
      expectNothingLeft(finished);
    },
  );

  it('with kill -9 leaves no consumer behind', async () => {
    // Of a host that is killed nobody can remove the files.
    const elsewhere = createWorkspace();
    const running = elsewhere.start('--input', '-', ...FAST);
    running.child.stdin!.write(linesOf(10));
    running.onLine((line) => {
      if (line.includes('takes shard')) running.child.kill('SIGKILL');
    });
    const { pids } = await running.finished;
    elsewhere.remove();
    expect(pids).toHaveLength(2);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5_000 });
  });
});

describe('consumers that are killed with kill -9', () => {
  it('after their work and before its checkpoint bring again what was in flight, and no more', async () => {
    const { module } = collector(
      'late',
      `if (!existsSync(output + '.killed')) {
         writeFileSync(output + '.killed', '');
         setImmediate(() => globalThis.process.kill(globalThis.process.pid, 'SIGKILL'));
       }`,
    );
    const finished = await run('--input', file('late.log', linesOf(300)), '--process', module, ...FAST);
    expect(finished.stderr).toContain('the process ended with SIGKILL');
    expect(finished).toMatchObject({ code: 0 });
    const summary = summaryOf(finished);
    expect(summary).toMatchObject({ produced: 300, distinct: 300, lost: 0, outOfOrder: 0 });
    // Two shards of 75 lines each were this consumer's.
    expect(summary.duplicates).toBeLessThanOrEqual(150);
  });

  it('lose nothing and bring nothing out of order, whenever it happens', { timeout: 60_000 }, async () => {
    const { module } = collector('killed', `await new Promise((resolve) => setTimeout(resolve, 60));`);
    const running = start('--input', '-', '--process', module, ...FAST);
    const alive = new Map<string, number>();
    running.onLine((line) => {
      const [, slot, pid] = /(consumer-\d) starts as process (\d+)/.exec(line) ?? [];
      if (slot !== undefined) alive.set(slot, Number(pid));
    });
    await vi.waitFor(() => expect(alive.size).toBe(2), { timeout: 15_000 });
    let kills = 0;
    for (const [index, line] of linesOf(5_000)
      .split(/(?<=\n)/)
      .entries()) {
      running.child.stdin!.write(line);
      if (index % 25 === 0) await new Promise((resolve) => setTimeout(resolve, 30));
      // About every 800 ms, at any moment of a tick or between two, one or the other.
      if (index % 667 !== 666) continue;
      const [slot, pid] = [...alive][kills % alive.size]!;
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      kills += 1;
      await vi.waitFor(() => expect(alive.get(slot)).not.toBe(pid), { timeout: 15_000 });
    }
    running.child.stdin!.end();
    const finished = await running.finished;
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stderr.match(/the process ended with SIGKILL/g)).toHaveLength(kills);
    expect(summaryOf(finished)).toMatchObject({ produced: 5_000, distinct: 5_000, lost: 0, outOfOrder: 0 });
    expectNothingLeft(finished);
  });
});
