import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createCollector } from './collector.ts';
import { createWorkspace, expectNothingLeft, isAlive, linesOf, summaryOf } from './runCli.ts';

const FAST = ['--interval', '500ms', '--json'];
const workspace = createWorkspace();
const { file, run, start } = workspace;

afterAll(workspace.remove);

const clean = { duplicates: 0, lost: 0, outOfOrder: 0 };

describe('shardbeat local', () => {
  it('lets every consumer do its share, and shows it', async () => {
    const input = file('share.log', linesOf(3_000));
    const finished = await run('--input', input, '--interval', '1s', '--shards', '6', '--consumers', '3');
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
    ['another source', () => ['--source', 'kafka'], '--source: "kafka" cannot be used'],
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
      () => ['--module', 'missing.ts'],
      '--module: "missing.ts" cannot be used: there is no such file',
    ],
    [
      'a module that exports nothing of use',
      () => ['--module', file('none.ts', 'export const a = 1;')],
      'export one function from it, eachBatch(batch, context) or eachRecord(record, context)',
    ],
    [
      'a module with a syntax error',
      () => ['--module', file('bad.ts', 'export const = 1;')],
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
    for (const [option, ...more] of [
      ['--sls-port'],
      ['--cls-port', '--source', 'cls'],
      ['--dynamodb-port'],
    ]) {
      const finished = await run(option!, String(port), ...more, ...FAST);
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

describe('the user’s own function', () => {
  it('gets a batch again after it threw, and nothing is lost', async () => {
    const { module, output } = createCollector(
      workspace,
      'once',
      `if (!existsSync(output + '.failed')) {
         append(output + '.failed', '');
         throw new Error('the database is away');
       }`,
    );
    const finished = await run('--input', file('once.log', linesOf(300)), '--module', module, ...FAST);
    expect(finished.stderr).toContain('Error: the database is away');
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ distinct: 300, ...clean });
    expect(existsSync(`${output}.failed`)).toBe(true);
  });

  it('is killed at the deadline if it never comes to an end, and its batch comes again', async () => {
    const { module } = createCollector(
      workspace,
      'spin',
      `if (!existsSync(output + '.spun')) {
         append(output + '.spun', '');
         while (true);
       }`,
    );
    const finished = await run('--input', file('spin.log', linesOf(300)), '--module', module, ...FAST);
    expect(finished.stderr).toContain('was killed at its deadline');
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ distinct: 300, lost: 0, outOfOrder: 0 });
    expectNothingLeft(finished);
  });

  it('ends the run at once if its module fails to load', async () => {
    const module = file(
      'unloadable.ts',
      `throw new Error('COLOUR is not set'); export const eachBatch = () => {};`,
    );
    const finished = await run('--module', module, ...FAST);
    expect(finished).toMatchObject({ code: 1, stdout: '' });
    expect(finished.stderr).toContain('COLOUR is not set');
    expectNothingLeft(finished);
  });
});

describe('a run that is stopped', () => {
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
