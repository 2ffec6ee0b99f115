import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Failed } from '../../../local/host/invocation.ts';
import type { LogEvent } from '../../../local/host/outputLines.ts';
import { createSandbox, type Sandbox } from '../../../local/host/sandbox.ts';
import type { SandboxOptions } from '../../../local/host/sandboxProcess.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const opened: Sandbox[] = [];

function open(options: Partial<SandboxOptions> = {}): Sandbox {
  const sandbox = createSandbox({
    functionName: 'orders',
    code: { taskRoot: FIXTURES, handler: 'handler.handler' },
    environment: {},
    ...options,
  });
  opened.push(sandbox);
  return sandbox;
}

async function describeItself(sandbox: Sandbox): Promise<Description> {
  const invocation = await sandbox.invoke({ do: 'describe' }, { timeoutMs: 5_000 });
  if (invocation.outcome !== 'answered') throw new Error(JSON.stringify(invocation));
  return invocation.result as Description;
}

interface Description {
  calls: number;
  pid: number;
  environment: Record<string, string>;
  functionName: string;
  requestId: string;
  remainingMs: number;
  folder: string;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((sandbox) => sandbox.close()));
});

describe('a warm sandbox', () => {
  it('keeps its process from one call to the next', async () => {
    const sandbox = open();
    const first = await describeItself(sandbox);
    const second = await describeItself(sandbox);
    expect(second).toMatchObject({ calls: 2, pid: first.pid });
    expect(second.pid).toBe(sandbox.pid());
    expect(second.requestId).not.toBe(first.requestId);
  });

  it('tells the function its name and the time it has left', async () => {
    const { functionName, remainingMs } = await describeItself(open());
    expect(functionName).toBe('orders');
    expect(remainingMs).toBeGreaterThan(3_000);
    expect(remainingMs).toBeLessThanOrEqual(5_000);
  });

  it('gives the function its own variables and none of the host’s', async () => {
    vi.stubEnv('AWS_PROFILE', 'production');
    vi.stubEnv('NODE_OPTIONS', '--no-warnings');
    const { environment } = await describeItself(open({ environment: { SHARDBEAT_GROUP: 'orders' } }));
    vi.unstubAllEnvs();
    expect(environment).toMatchObject({ SHARDBEAT_GROUP: 'orders', PATH: process.env.PATH });
    expect(environment).not.toHaveProperty('AWS_PROFILE');
    expect(environment).not.toHaveProperty('NODE_OPTIONS');
  });

  it('has the variables that Lambda sets, and stands in its folder', async () => {
    const { environment, folder } = await describeItself(
      open({ environment: { AWS_REGION: 'eu-central-1' } }),
    );
    expect(folder).toBe(FIXTURES);
    expect(environment).toMatchObject({
      AWS_REGION: 'eu-central-1',
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_EXECUTION_ENV: expect.stringMatching(/^AWS_Lambda_nodejs\d+\.x$/),
      AWS_LAMBDA_FUNCTION_NAME: 'orders',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/orders',
      LAMBDA_TASK_ROOT: FIXTURES,
      _HANDLER: 'handler.handler',
      _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-/),
      TZ: 'UTC',
    });
  });

  it('writes to its temporary files and nowhere else; they stay with it, whatever becomes of its process', async () => {
    const sandbox = open();
    const { environment } = await describeItself(sandbox);
    const write = (folder: string) =>
      sandbox.invoke({ do: 'write', file: join(folder, 'file'), text: 'x' }, { timeoutMs: 5_000 });
    expect(await write(FIXTURES)).toMatchObject({ outcome: 'failed' });
    expect(await write(tmpdir())).toMatchObject({ outcome: 'failed' });
    expect(await write(environment.TMPDIR!)).toMatchObject({ outcome: 'answered' });
    expect(await sandbox.invoke({ do: 'exit', code: 1 }, { timeoutMs: 5_000 })).toMatchObject({
      outcome: 'died',
    });
    await access(join(environment.TMPDIR!, 'file'));
    expect(await write(environment.TMPDIR!)).toMatchObject({ outcome: 'answered' });
    await sandbox.close();
    await expect(access(environment.TMPDIR!)).rejects.toThrow('ENOENT');
  });

  it('stands still between two calls, and goes on with the next one', async () => {
    const sandbox = open({ freezes: true });
    const { pid } = await describeItself(sandbox);
    const state = async (): Promise<string | undefined> =>
      (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')[2];
    await vi.waitFor(async () => expect(await state()).toBe('T'));
    expect(await describeItself(sandbox)).toMatchObject({ calls: 2, pid });
    await vi.waitFor(async () => expect(await state()).toBe('T'));
    await sandbox.close();
    expect(isAlive(pid)).toBe(false);
  });

  it('goes on in the same process after the handler threw', async () => {
    const sandbox = open();
    const { pid } = await describeItself(sandbox);
    const failed = await sandbox.invoke({ do: 'throw', message: 'no table' }, { timeoutMs: 5_000 });
    expect(failed).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('RangeError: no table'),
    });
    expect(await describeItself(sandbox)).toMatchObject({ calls: 3, pid });
  });
});

describe('a sandbox whose process ends', () => {
  it('is killed at its deadline even in an endless loop, and starts afresh at the next call', async () => {
    const started: number[] = [];
    const sandbox = open({ onStart: (pid) => started.push(pid) });
    expect(await sandbox.invoke({ do: 'spin' }, { timeoutMs: 200 })).toEqual({ outcome: 'killed' });
    expect(isAlive(started[0]!)).toBe(false);
    expect(await describeItself(sandbox)).toMatchObject({ calls: 1, pid: started[1] });
  });

  it('says how it died when somebody kills it in mid-call', async () => {
    const sandbox: Sandbox = open({ onOutput: () => process.kill(sandbox.pid()!, 'SIGKILL') });
    const invocation = await sandbox.invoke({ do: 'spin' }, { timeoutMs: 20_000 });
    expect(invocation).toEqual({ outcome: 'died', error: 'the process ended with SIGKILL' });
    expect(await describeItself(sandbox)).toMatchObject({ calls: 1 });
  });

  it('says with what code the function ended its own process', async () => {
    const invocation = await open().invoke({ do: 'exit', code: 3 }, { timeoutMs: 5_000 });
    expect(invocation).toEqual({ outcome: 'died', error: 'the process ended with code 3' });
  });

  it.each<[string, object, string, RegExp | undefined]>([
    [
      'an unhandled rejection',
      { do: 'reject', message: 'no order 7\nof today' },
      'the process ended with code 128: Runtime.UnhandledPromiseRejection: RangeError: no order 7',
      /^RangeError: no order 7\nof today\n +at handler /,
    ],
    [
      'an error that nobody caught, which is no error',
      { do: 'throwLater', thrown: null },
      'the process ended with code 129: object: null',
      /^object: null$/,
    ],
    [
      'no memory left',
      { do: 'fill' },
      'the process ended with SIGABRT: Reached heap limit Allocation failed - JavaScript heap out of memory',
      undefined,
    ],
  ])('says why, as far as it could, and is there for the next call: %s', async (_what, event, why, stack) => {
    const onDeath = vi.fn();
    const output: string[] = [];
    const sandbox = open({ onDeath, onOutput: (line) => output.push(line) });
    const invocation = await sandbox.invoke(event, { timeoutMs: 20_000 });
    // V8 says in more than one way that there is no memory.
    const anyHeap = (text: string): string => text.replace('Ineffective mark-compacts near', 'Reached');
    const told = onDeath.mock.calls.map(([reason, details]) => [anyHeap(reason), details]);
    expect(told).toEqual([[why, stack && expect.stringMatching(stack)]]);
    expect({ ...invocation, error: anyHeap((invocation as Failed).error) }).toEqual({
      outcome: 'died',
      error: why,
    });
    expect(output.length).toBeLessThanOrEqual(21);
    expect(await describeItself(sandbox)).toMatchObject({ calls: 1 });
  });

  it('is killed when it has more memory than it may', async () => {
    const sandbox = open({ memoryMb: 128 });
    const invocation = await sandbox.invoke({ do: 'fillBuffers' }, { timeoutMs: 20_000 });
    expect(invocation).toEqual({
      outcome: 'died',
      error: 'the process ended with SIGKILL: it had more than 128 MB of memory',
    });
    expect(await describeItself(sandbox)).toMatchObject({ calls: 1 });
  });

  it('has answered if it did, though it dies before it asks for more', async () => {
    const onDeath = vi.fn();
    const sandbox = open({ onDeath });
    expect(await sandbox.invoke({ do: 'answerAndExit' }, { timeoutMs: 5_000 })).toEqual({
      outcome: 'answered',
      result: 1,
    });
    expect(onDeath.mock.calls).toEqual([['the process ended with code 4', undefined]]);
    expect(await describeItself(sandbox)).toMatchObject({ calls: 1 });
  });

  it('starts a new process if the old one was killed between two calls', async () => {
    const onDeath = vi.fn();
    const sandbox = open({ onDeath });
    const { pid } = await describeItself(sandbox);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(sandbox.pid()).toBeUndefined());
    expect(await describeItself(sandbox)).toMatchObject({ calls: 1 });
    await sandbox.close();
    expect(onDeath.mock.calls).toEqual([['the process ended with SIGKILL', undefined]]);
  });

  it('names what keeps a bundle from loading, and leaves no process', async () => {
    const started: number[] = [];
    const sandbox = open({
      code: { taskRoot: FIXTURES, handler: 'broken.handler' },
      onStart: (pid) => started.push(pid),
    });
    const invocation = await sandbox.invoke({}, { timeoutMs: 5_000 });
    expect(invocation).toMatchObject({
      outcome: 'unloadable',
      error: expect.stringContaining('no such setting: COLOUR'),
    });
    expect(started.map(isAlive)).toEqual([false]);
  });

  it.each([
    ['at work', []],
    ['frozen', ['freezes']],
  ])('ends with its host, even if that was killed: %s', async (_what, freezes) => {
    const directory = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
    const farewell = join(directory, 'farewell');
    const host = spawn(process.execPath, [join(FIXTURES, 'host.ts'), farewell, ...freezes], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(host.stdout, 'data')) as [Buffer];
    host.kill('SIGKILL');
    await vi.waitFor(() => access(farewell), { timeout: 5_000 });
    await vi.waitFor(() => expect(isAlive(Number(said.toString()))).toBe(false), { timeout: 5_000 });
    await rm(directory, { recursive: true });
  });

  it('kills a working process when it is closed', async () => {
    const sandbox: Sandbox = open({ onOutput: () => void sandbox.close() });
    const invocation = await sandbox.invoke({ do: 'wait' }, { timeoutMs: 20_000 });
    expect(invocation).toMatchObject({ outcome: 'died' });
  });
});

describe('what a function prints', () => {
  async function print(
    texts: string[],
    linesExpected: number,
  ): Promise<{ events: LogEvent[]; output: string[] }> {
    const events: LogEvent[] = [];
    const output: string[] = [];
    const sandbox = open({ onEvent: (event) => events.push(event), onOutput: (line) => output.push(line) });
    await sandbox.invoke({ do: 'print', texts }, { timeoutMs: 5_000 });
    await vi.waitFor(() => expect(events.length + output.length).toBe(linesExpected));
    return { events, output };
  }

  it('comes as events where it is a log event, and as it is otherwise', async () => {
    const texts = ['{"event":"shard.claimed","shard":"0"}\n', 'hello\n{"id":1}\n{bro', 'ken\n'];
    const { events, output } = await print(texts, 4);
    expect(events).toEqual([{ event: 'shard.claimed', shard: '0' }]);
    expect(output).toEqual(['hello', '{"id":1}', '{broken']);
  });

  it('comes in lines of bounded length, however long they are', async () => {
    const { output } = await print(['x'.repeat(300_000), '\nnext\n'], 2);
    expect(output.map((line) => line.length)).toEqual([64 * 1024, 4]);
  });

  it('comes in full on stdout; of stderr as much of each call as a person reads', async () => {
    const output: string[] = [];
    const sandbox = open({ onOutput: (line) => output.push(line) });
    const lines = Array.from({ length: 30 }, (_, line) => `line ${line}\n`);
    await sandbox.invoke({ do: 'print', texts: lines }, { timeoutMs: 5_000 });
    await vi.waitFor(() => expect(output).toHaveLength(30));
    output.length = 0;
    await sandbox.invoke({ do: 'complain', texts: lines }, { timeoutMs: 5_000 });
    await vi.waitFor(() => expect(output).toHaveLength(20));
    await sandbox.invoke({ do: 'complain', texts: ['x'.repeat(1_500), '\n'] }, { timeoutMs: 5_000 });
    await sandbox.close();
    expect(output.slice(19)).toEqual([
      'line 19',
      '(and 10 lines more on stderr)',
      `${'x'.repeat(1_000)} (and 500 characters more)`,
    ]);
  });

  it('is all it can say: there is no host to send anything to', async () => {
    expect(await open().invoke({ do: 'send' }, { timeoutMs: 5_000 })).toEqual({
      outcome: 'answered',
      result: 'undefined',
    });
  });

  it('is taken in to the last line, newline or not, when the sandbox is closed', async () => {
    const output: string[] = [];
    const sandbox = open({ onOutput: (line) => output.push(line) });
    await sandbox.invoke({ do: 'print', texts: ['one\ntw', 'o'] }, { timeoutMs: 5_000 });
    await sandbox.close();
    expect(output).toEqual(['one', 'two']);
  });
});
