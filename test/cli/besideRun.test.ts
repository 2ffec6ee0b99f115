/** `npx shardbeat status` in a second terminal, beside a run: real processes. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, it } from 'vitest';
import { createWorkspace, expectNothingLeft, linesOf } from './runCli.ts';

const MAIN = join(import.meta.dirname, '../../cli/shardbeat.ts');
const workspace = createWorkspace();
afterAll(workspace.remove);

/** With nothing of the run's but its folder for temporary files. */
async function type(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, TMPDIR: workspace.temporary };
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: workspace.directory, env });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, stdout, stderr };
}

it('status beside a run shows its group; after it, there is none, and nothing is left', async () => {
  const input = workspace.file('lines.log', linesOf(50));
  const module = workspace.file(
    'held.mjs',
    `import { existsSync } from 'node:fs';
     export const eachBatch = () => { if (!existsSync(${JSON.stringify(join(workspace.directory, 'go'))})) throw new Error('not yet'); };`,
  );
  const run = workspace.start('--input', input, '--module', module, '--interval', '1s', '--once', '--json');
  let isRunning = false;
  run.onLine((line) => {
    isRunning ||= line.includes('not yet');
  });
  await expect.poll(() => isRunning, { timeout: 60_000, interval: 100 }).toBe(true);
  const status = await type('status', '--json');
  expect(status.code, status.stderr).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    group: 'local',
    place: `local run of process ${run.child.pid}`,
    description: { shards: expect.arrayContaining([expect.objectContaining({ state: 'open' })]) },
    lag: { unit: 'log groups' },
  });
  expect((await type('pause')).stdout).toContain(': paused');
  expect((await type('resume')).stdout).toContain(': resumed');
  workspace.file('go', '');
  const finished = await run.finished;
  expect(finished).toMatchObject({ code: 0 });
  expectNothingLeft(finished);
  expect(await type('status')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('none is found here: start one in this folder (npm start)'),
  });
}, 120_000);
