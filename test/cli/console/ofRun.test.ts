/** The page of a local run: real processes. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, it } from 'vitest';
import { createWorkspace, expectNothingLeft, linesOf, summaryOf } from '../runCli.ts';

const workspace = createWorkspace();
afterAll(workspace.remove);

it('a run shows its page from the first tick on, and ends without waiting for who looks at it', async () => {
  const input = workspace.file('lines.log', linesOf(300));
  const module = workspace.file(
    'held.mjs',
    `import { existsSync } from 'node:fs';
     export const eachBatch = () => { if (!existsSync(${JSON.stringify(join(workspace.directory, 'go'))})) throw new Error('not yet'); };`,
  );
  const args = [
    '--input',
    input,
    '--module',
    module,
    '--interval',
    '1s',
    '--once',
    '--json',
    '--page-port',
    '0',
  ];
  const run = workspace.start(...args);
  let address: string | undefined;
  const lines: string[] = [];
  run.onLine((line) => {
    lines.push(line);
    address ??= /page: (http:\S+)$/.exec(line)?.[1];
  });
  await expect.poll(() => address, { timeout: 60_000 }).toBeDefined();
  const stream = await fetch(`${address}events`);
  const told = text(stream.body as never).catch(() => '');
  await expect.poll(() => lines.some((line) => line.includes('not yet')), { timeout: 60_000 }).toBe(true);
  workspace.file('go', '');
  const place = (what: string): number => lines.findIndex((line) => line.includes(what));
  expect(place('page: ')).toBeLessThan(place('starts as process'));
  const finished = await run.finished;
  expect(finished).toMatchObject({ code: 0 });
  expectNothingLeft(finished);
  expect(summaryOf(finished)).toMatchObject({ processed: 300, lost: 0 });
  await told;
}, 120_000);

it('a run for a script serves none', async () => {
  const input = workspace.file('few.log', linesOf(5));
  const finished = await workspace.run('--input', input, '--interval', '1s', '--json');
  expect(finished).toMatchObject({ code: 0 });
  expect(finished.stderr).not.toContain('page');
}, 60_000);

it('a run whose page cannot have its port does not begin', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  try {
    const finished = await workspace.run('--once', '--page-port', String(port));
    expect(finished).toMatchObject({ code: 2 });
    expect(finished.stderr).toContain(
      `--page-port: ${port} cannot be used: another program listens on 127.0.0.1:${port}`,
    );
    expectNothingLeft(finished);
  } finally {
    other.close();
  }
}, 60_000);
