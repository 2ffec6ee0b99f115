/**
 * `npm run test:runtime`: the function behind the host, run by Lambda's own runtime interface client for Node in place of ours. Its native part
 * is built when it is installed, which takes a minute or two, a compiler and cmake; where that is not possible, it is skipped.
 */
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock as clock } from '../../lib/runtime.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import type { Invocation } from '../../local/host/invocation.ts';
import { createSandbox, type Sandbox } from '../../local/host/sandbox.ts';
import { bundleFunction } from '../../local/run/bundle.ts';
import { makeTemporaryDirectory } from '../../local/run/temporary.ts';
import { startStage } from '../chaos/stage.ts';
import { STREAMS } from '../chaos/streams/streams.ts';

const CLIENT = 'aws-lambda-ric@4';
const INSTALL_MS_MAX = 5 * 60_000;
const TIMEOUT_MS = 10_000;
const FIXTURES = join(import.meta.dirname, '../local/host/fixtures');

const passed = (what: string): void => console.log(`passed: ${what}`);

/** The client's program; undefined, with the reason told: it cannot be built here. */
async function install(folder: string): Promise<string | undefined> {
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  try {
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', CLIENT], {
      cwd: folder,
      timeout: INSTALL_MS_MAX,
      maxBuffer: 64 * 1024 * 1024,
    });
    return join(folder, 'node_modules/aws-lambda-ric/index.mjs');
  } catch (error) {
    const [line] = String((error as { stderr?: string }).stderr || error)
      .trim()
      .split('\n');
    console.log(`skipped: ${CLIENT} cannot be installed and built here: ${line}`);
    return undefined;
  }
}

const outcomeOf = ({ outcome }: Invocation): string => outcome;

/** What a runtime does with a handler is what ours does. */
async function compare(runtime: string): Promise<void> {
  const events = [
    { do: 'throw', message: 'no table' },
    { do: 'exit', code: 3 },
    { do: 'print', texts: ['x\n'] },
  ];
  const told: string[][] = [];
  for (const each of [undefined, runtime]) {
    const code = { taskRoot: FIXTURES, handler: 'handler.handler' };
    const options = { functionName: 'orders', code, environment: {}, freezes: true };
    await using sandbox = disposable(createSandbox({ ...options, ...(each && { runtime: each }) }));
    const invocations: Invocation[] = [];
    for (const event of events) invocations.push(await sandbox.invoke(event, { timeoutMs: TIMEOUT_MS }));
    const described = await sandbox.invoke({ do: 'describe' }, { timeoutMs: TIMEOUT_MS });
    assert(described.outcome === 'answered');
    const { functionName, environment, folder, calls } = described.result as Record<string, unknown>;
    const names = Object.keys(environment as object).sort();
    told.push([...invocations.map(outcomeOf), String(functionName), String(folder), String(calls), ...names]);
    const [failed] = invocations;
    assert(
      failed?.outcome === 'failed' && failed.error.startsWith('RangeError: no table'),
      JSON.stringify(failed),
    );
  }
  assert.deepEqual(told[1], told[0]);
  passed('a handler is loaded, called, told of its invocation and ended as by our own runtime');
}

async function tick(runtime: string, folder: string): Promise<void> {
  const module = join(folder, 'taking.ts');
  await writeFile(module, 'export const eachBatch = () => {};');
  const code = await bundleFunction(module, folder);
  await using stage = await startStage({ startStream: STREAMS.sls, shards: 2, intervalMs: 60_000, clock });
  const { environment } = stage;
  const options = { functionName: 'consume', code, environment, runtime, freezes: true };
  await using sandbox = disposable(createSandbox(options));
  const outcomes: string[] = [];
  for (let time = 0; time < 2; time++) {
    const invocation = await sandbox.invoke({ slot: 'consumer-0' }, { timeoutMs: TIMEOUT_MS });
    assert(invocation.outcome === 'answered', JSON.stringify(invocation));
    const { outcome, warm } = invocation.result as TickResult;
    outcomes.push(`${outcome}${warm ? ', warm' : ''}`);
  }
  assert.match(outcomes.join('; '), /^worked; (worked, warm|busy)$/);
  passed(`the function ticks: ${outcomes.join('; ')}`);
}

const disposable = (sandbox: Sandbox): Sandbox & AsyncDisposable => ({
  ...sandbox,
  [Symbol.asyncDispose]: sandbox.close,
});

await using directory = await makeTemporaryDirectory();
const runtime = await install(directory.path);
if (runtime !== undefined) {
  await compare(runtime);
  await tick(runtime, directory.path);
}
