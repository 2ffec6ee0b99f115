import { execFileSync, spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Heard, listenTo } from '../../lib/delivery/dyingProcess.ts';
import { createLastWords } from '../../lib/delivery/lastWords.ts';
import { HOSTILE } from '../support/hostile.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'last-words-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const run = { slot: 'consumer-0', invocation: 'nonce-1' };
const EVENTS = ['exit', 'uncaughtExceptionMonitor', 'unhandledRejection'];

/** A process that ends when the test says so, and a sandbox of a group in it. */
function createSandbox(group = 'orders') {
  const emitter = new EventEmitter();
  const process = listenTo(emitter as unknown as Heard);
  const words = createLastWords({ group, directory, process });
  const listeners = () => EVENTS.map((event) => emitter.listenerCount(event));
  return { emitter, process, words, listeners };
}
const written = (): string[] => readdirSync(directory);

describe('the last words of a run', () => {
  it('are with which code its process has ended, and what was in work', () => {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'orders/0/1-2');
    words.given(run, '1', 'orders/1/5-9');
    words.given(run, '0', 'orders/0/2-3');
    emitter.emit('exit', 3);
    expect(createSandbox().words.of('nonce-1')).toBe('the process ended with exit code 3');
    expect(JSON.parse(readFileSync(join(directory, written()[0]!), 'utf8'))).toEqual({
      group: 'orders',
      slot: 'consumer-0',
      invocation: 'nonce-1',
      why: 'the process ended with exit code 3',
      batches: ['orders/0/2-3', 'orders/1/5-9'],
    });
  });

  it('are the error that nobody caught, in its first 200 characters, and not the exit that follows', () => {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'orders/0/1-2');
    emitter.emit('uncaughtExceptionMonitor', new TypeError('x'.repeat(1_000)), 'uncaughtException');
    emitter.emit('exit', 1);
    expect(words.of('nonce-1')).toBe(`TypeError: ${'x'.repeat(189)}`);
  });

  it('say whether it was a rejection that nobody handled', () => {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'orders/0/1-2');
    emitter.emit('uncaughtExceptionMonitor', new Error('y'.repeat(1_000)), 'unhandledRejection');
    expect(words.of('nonce-1')).toMatch(/^unhandled rejection: Error: y+$/);
    expect(words.of('nonce-1')).toHaveLength(200);
  });

  it('show no secret', () => {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'orders/0/1-2');
    emitter.emit('uncaughtExceptionMonitor', new Error('password=hunter2hunter2'), 'uncaughtException');
    expect(readFileSync(join(directory, written()[0]!), 'utf8')).not.toContain('hunter2');
  });

  it('are those of the last one of its slot', () => {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'a');
    emitter.emit('exit', 1);
    words.given({ ...run, invocation: 'nonce-2' }, '0', 'b');
    emitter.emit('exit', 2);
    expect([words.of('nonce-1'), words.of('nonce-2')]).toEqual([
      undefined,
      'the process ended with exit code 2',
    ]);
    expect(written()).toHaveLength(1);
  });

  it('are told of every slot that is in work, and to no other group', () => {
    const { emitter, process, words } = createSandbox();
    const other = createLastWords({ group: 'payments', directory, process });
    words.given(run, '0', 'a');
    words.given({ slot: 'consumer-1', invocation: 'nonce-2' }, '0', 'b');
    other.given({ slot: 'consumer-0', invocation: 'nonce-3' }, '0', 'c');
    emitter.emit('exit', 7);
    const of = (invocation: string): boolean[] =>
      [words, other].map(({ of }) => of(invocation) !== undefined);
    expect(['nonce-1', 'nonce-2', 'nonce-3', 'nonce-4'].map(of)).toEqual([
      [true, false],
      [true, false],
      [false, true],
      [false, false],
    ]);
  });

  it('are none once it has ended', () => {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'a');
    words.ended(run);
    emitter.emit('exit', 1);
    expect(written()).toEqual([]);
  });

  it('stay in work while another run of the slot ends, as one that was given up does', () => {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'a');
    words.given({ ...run, invocation: 'nonce-2' }, '0', 'b');
    words.ended(run);
    emitter.emit('exit', 1);
    expect(words.of('nonce-2')).toBeDefined();
  });

  it('are bounded, whatever was in work', () => {
    const { emitter, words } = createSandbox('g'.repeat(128));
    for (let shard = 0; shard < 1_000; shard++) {
      words.given({ ...run, slot: 's'.repeat(128) }, String(shard), '界'.repeat(10_000));
    }
    emitter.emit('exit', 1);
    expect(words.of('nonce-1')).toBeDefined();
  });

  it.each(Object.entries(HOSTILE))('can be said of %s', (_name, make) => {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'a');
    emitter.emit('uncaughtExceptionMonitor', make(), 'uncaughtException');
    expect(words.of('nonce-1')!.length).toBeLessThanOrEqual(200);
    expect(words.of('nonce-1')).not.toBe('');
  });
});

describe('the process', () => {
  it('is listened to only while something is in work, however many want to', () => {
    const { process, words, listeners } = createSandbox();
    const many = Array.from({ length: 50 }, (_, index) =>
      createLastWords({ group: `g${index}`, directory, process }),
    );
    expect(listeners()).toEqual([0, 0, 0]);
    for (let time = 0; time < 3; time++) {
      for (const each of [words, ...many]) {
        each.given(run, '0', 'a');
        each.given(run, '0', 'b');
      }
      expect(listeners()).toEqual([1, 1, 0]);
      for (const each of many) each.ended(run);
      expect(listeners()).toEqual([1, 1, 0]);
      words.ended(run);
      words.ended(run);
      expect(listeners()).toEqual([0, 0, 0]);
    }
  });

  it('is asked about rejections where somebody else is', () => {
    const { emitter, words, listeners } = createSandbox();
    const heard: unknown[] = [];
    const other = (reason: unknown): void => void heard.push(reason);
    emitter.on('unhandledRejection', other);
    words.given(run, '0', 'a');
    expect(listeners()).toEqual([1, 1, 2]);
    emitter.emit('unhandledRejection', 'no', Promise.resolve());
    expect(heard).toEqual(['no']);
    expect(words.of('nonce-1')).toBe('unhandled rejection: no');
    words.ended(run);
    expect(listeners()).toEqual([0, 0, 1]);
  });

  it('ends of a rejection that nobody else hears of any more', () => {
    const { emitter, words } = createSandbox();
    const other = (): void => {};
    emitter.on('unhandledRejection', other);
    words.given(run, '0', 'a');
    emitter.off('unhandledRejection', other);
    expect(() => emitter.emit('unhandledRejection', new Error('no'), Promise.resolve())).toThrow('no');
  });

  it.each([
    ['exits', 'process.exit(9)', 9, 'the process ended with exit code 9'],
    ['throws', "setTimeout(() => { throw new RangeError('too far'); })", 1, 'RangeError: too far'],
    ['leaves a rejection', "Promise.reject(new Error('lost'))", 1, 'unhandled rejection: Error: lost'],
    ['waits for nothing', 'undefined', 0, 'the process ended with exit code 0'],
  ])('that %s leaves them', (_what, code, status, why) => {
    const module = join(import.meta.dirname, '../../lib/delivery/lastWords.ts');
    const script = `import { createLastWords } from ${JSON.stringify(module)};
      const words = createLastWords({ group: 'orders' });
      words.given(${JSON.stringify(run)}, '0', 'a');
      ${code};`;
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { TMPDIR: directory },
    });
    expect(ended.status).toBe(status);
    expect(createSandbox().words.of('nonce-1')).toBe(why);
  });
});

describe('a file that is none of ours', () => {
  /** Where the words of the slot are written. */
  function nameOf(): string {
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'a');
    emitter.emit('exit', 1);
    const [name] = written();
    rmSync(join(directory, name!));
    return join(directory, name!);
  }
  const good = { group: 'orders', slot: 'consumer-0', invocation: 'nonce-1', why: 'x', batches: ['a'] };
  const write = (text: string) => (path: string) => writeFileSync(path, text);

  it('is not needed for this: one that is as ours is read', () => {
    write(JSON.stringify(good))(nameOf());
    expect(createSandbox().words.of('nonce-1')).toBe('x');
  });

  const somebodyElses = (path: string): void => {
    write(JSON.stringify(good))(path);
    chownSync(path, 1_234, 1_234);
  };
  const whereRoot: [string, (path: string) => void][] =
    process.getuid?.() === 0 ? [["is somebody else's", somebodyElses]] : [];
  it.each<[string, (path: string) => void]>([
    ['is empty', write('')],
    ['is no JSON', write('{"group":"orders","why"')],
    ['holds nothing', write('null')],
    ['lacks a field', write(JSON.stringify({ ...good, why: undefined }))],
    ['has fields of other types', write(JSON.stringify({ ...good, why: 5 }))],
    ['has no list', write(JSON.stringify({ ...good, batches: 'a' }))],
    ['is of another group', write(JSON.stringify({ ...good, group: 'payments' }))],
    ['is huge', write(JSON.stringify(good).padEnd(600_000))],
    ...whereRoot,
    ['is a folder', (path) => mkdirSync(path)],
    ['is a pipe', (path) => execFileSync('mkfifo', [path])],
    [
      'is a link to one that would do',
      (path) => {
        writeFileSync(join(directory, 'elsewhere'), JSON.stringify(good));
        symlinkSync(join(directory, 'elsewhere'), path);
      },
    ],
  ])('is not read if it %s', (_what, make) => {
    make(nameOf());
    expect(createSandbox().words.of('nonce-1')).toBeUndefined();
  });

  it('is not written through a link, nor where there is a folder', () => {
    const path = nameOf();
    const elsewhere = join(directory, 'elsewhere');
    writeFileSync(elsewhere, 'precious');
    symlinkSync(elsewhere, path);
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'a');
    emitter.emit('exit', 1);
    expect(readFileSync(elsewhere, 'utf8')).toBe('precious');
    rmSync(path);
    mkdirSync(path);
    emitter.emit('exit', 1);
    expect(words.of('nonce-1')).toBeUndefined();
  });

  it('has what it says shortened, and without what looks like a secret', () => {
    write(JSON.stringify({ ...good, why: `token=abcdefgh1234 ${'x'.repeat(1_000)}` }))(nameOf());
    expect(createSandbox().words.of('nonce-1')).toMatch(/^token=\(hidden\) x+$/);
    expect(createSandbox().words.of('nonce-1')).toHaveLength(200);
  });

  it('is replaced by ours, also if it is longer', () => {
    const path = nameOf();
    writeFileSync(path, 'y'.repeat(10_000));
    const { emitter, words } = createSandbox();
    words.given(run, '0', 'a');
    emitter.emit('exit', 1);
    expect(words.of('nonce-1')).toBe('the process ended with exit code 1');
  });

  it('may be missing, with its folder', () => {
    const { emitter, process } = createSandbox();
    const words = createLastWords({ group: 'orders', directory: join(directory, 'none'), process });
    words.given(run, '0', 'a');
    emitter.emit('exit', 1);
    expect(words.of('nonce-1')).toBeUndefined();
  });
});
