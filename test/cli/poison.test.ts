/** Lines that a function does not take, and functions that are slow: the run ends by itself, and nothing is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorkspace, expectNothingLeft, type Finished, summaryOf } from './runCli.ts';

const FAST = ['--interval', '500ms', '--json'];
const LINES = 1_001;
const workspace = createWorkspace();
const { file, run } = workspace;

afterAll(workspace.remove);

const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, index) => `line ${index}\n`).join('');

/** A run that waits for most of its time: it may do that beside the other tests, in a place of its own. */
const elsewhere = createWorkspace();
let stuck: Promise<Finished>;
beforeAll(async () => {
  const module = elsewhere.file(
    'down.mjs',
    `export const eachRecord = () => { throw new Error('the database is away'); };`,
  );
  const input = elsewhere.file('down.log', 'a\nb\n');
  const running = elsewhere.start('--input', input, '--module', module, '--shards', '2', ...FAST);
  running.child.stdin!.end();
  stuck = running.finished;
  // Until its processes have started: that takes time from whatever is beside them.
  const begun = new Promise<void>((resolve) => {
    running.onLine((line) => line.includes('the database is away') && resolve());
  });
  await Promise.race([begun, stuck]);
});
afterAll(async () => {
  await stuck;
  elsewhere.remove();
}, 60_000);

/** What to do with a line that is not to be taken. */
const REFUSALS = {
  throws: `throw new Error('cannot take it');`,
  exits: 'process.exit(1);',
  rejects: `Promise.reject(new Error('nobody caught')); await new Promise(() => {});`,
  loops: 'for (;;);',
};
type Refusal = keyof typeof REFUSALS;

/** A module that refuses some lines, each in its own way. */
function refusing(form: 'eachBatch' | 'eachRecord', refused: Readonly<Record<number, Refusal>>): string {
  const cases = Object.entries(refused).map(([line, how]) => `case 'line ${line}': ${REFUSALS[how]}`);
  const take = `async function take(record) { switch (record.get('content')) { ${cases.join('\n')} } }`;
  const functions = {
    eachBatch:
      'export const eachBatch = async (batch) => { for (const record of batch.records) await take(record); };',
    eachRecord: 'export const eachRecord = take;',
  };
  const name = `${form}-${Object.values(refused).join('-')}.mjs`;
  return file(name, `${take}\n${functions[form]}`);
}

/** On a machine that is busy, a tick may be killed between what it did and its checkpoint: that comes again. */
const clean = { lost: 0, outOfOrder: 0 };

describe('of 1,001 lines, one that the function does not take becomes a dead letter', () => {
  it.each<[Refusal, string, number, string]>([
    ['throws', 'in the middle', 500, 'your function failed for a batch of shard 0'],
    ['exits', 'as the first', 0, 'the process ended with code 1; its next tick starts a new one'],
    ['rejects', 'as the last', 1_000, 'code 128: Runtime.UnhandledPromiseRejection: Error: nobody caught'],
    ['loops', 'in the middle', 500, 'was killed at its deadline, after 400 ms'],
  ])('it %s, %s', { timeout: 60_000 }, async (how, _where, line, told) => {
    const module = refusing('eachBatch', { [line]: how });
    const input = file('lines.log', linesOf(LINES));
    const finished = await run('--input', input, '--module', module, '--shards', '1', ...FAST);
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({
      produced: LINES,
      distinct: LINES - 1,
      deadLetters: 1,
      ...clean,
    });
    expect(finished.stderr).toContain(told);
    expect(finished.stderr).toContain('is given up, and is a dead letter now');
    expect(finished.stderr).toContain(
      'Every record came out, in the order of its shard, but for 1 dead letter.',
    );
    expectNothingLeft(finished);
  });
});

it('four lines at once, each in its own way, from eachRecord in three shards', {
  timeout: 60_000,
}, async () => {
  const module = refusing('eachRecord', { 0: 'throws', 400: 'exits', 700: 'rejects', 950: 'loops' });
  const finished = await run(
    '--input',
    file('four.log', linesOf(1_004)),
    '--module',
    module,
    '--shards',
    '3',
    ...FAST,
  );
  expect(finished).toMatchObject({ code: 0 });
  expect(summaryOf(finished)).toMatchObject({ distinct: 1_000, deadLetters: 4, ...clean });
  expectNothingLeft(finished);
});

describe('a function for which a tick is too short', () => {
  it.each([
    ['sls', 'eachBatch', 'await new Promise((resolve) => setTimeout(resolve, 1))'],
    ['cls', 'eachRecord', 'for (const end = performance.now() + 1; performance.now() < end; )'],
  ])('has all of its lines in the end: on %s, %s', { timeout: 60_000 }, async (source, form, wait) => {
    const parts = {
      eachBatch: `export const eachBatch = async (batch) => { for (const _ of batch.records) { ${wait}; } };`,
      eachRecord: `export const eachRecord = () => { ${wait}; };`,
    };
    const module = file(`slow-${form}.mjs`, parts[form as keyof typeof parts]);
    const alone = ['--source', source, '--shards', '1', '--consumers', '1', ...FAST];
    const finished = await run('--input', file('slow.log', linesOf(600)), '--module', module, ...alone);
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ distinct: 600, deadLetters: 0, ...clean });
  });
});

it('where nothing succeeds, it says what which shard waits for, and ends with 1', {
  timeout: 60_000,
}, async () => {
  const finished = await stuck;
  expect(finished).toMatchObject({ code: 1 });
  const waits = (shard: number): string =>
    `Shard ${shard} waits until your function succeeds with something else, and gives nothing up before: 1 record failed as often as is allowed, at last with Error: the database is away.`;
  expect(finished.stderr).toContain(
    `Nothing was processed or given up for 25s, and 2 records are left.\n${waits(0)}\n${waits(1)}\n`,
  );
  expect(summaryOf(finished)).toMatchObject({ produced: 2, processed: 0, deadLetters: 0, lost: 2 });
  expectNothingLeft(finished);
});
