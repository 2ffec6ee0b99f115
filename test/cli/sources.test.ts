import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createCollector } from './collector.ts';
import { createWorkspace, expectNothingLeft, isAlive, linesOf, summaryOf } from './runCli.ts';

const workspace = createWorkspace();
const { file, run, start } = workspace;
const clean = { duplicates: 0, lost: 0, outOfOrder: 0 };

afterAll(workspace.remove);

describe.each([
  { source: 'sls', signal: 'SIGINT' },
  { source: 'cls', signal: 'SIGTERM' },
] as const)('shardbeat local on $source', ({ source, signal }) => {
  const options = ['--source', source, '--interval', '500ms', '--json'];
  const collector = (name: string, before?: string) =>
    createCollector(workspace, `${source}-${name}`, before);

  it('consumes a file to its end and accounts for every line', async () => {
    const finished = await run('--input', file('plain.log', linesOf(1_000)), ...options);
    expect(finished).toMatchObject({ code: 0 });
    const summary = summaryOf(finished);
    expect(summary).toMatchObject({ produced: 1_000, processed: 1_000, distinct: 1_000, ...clean });
    expect(summary.ticks).toBeGreaterThanOrEqual(2);
    expect(summary.dynamodb.writeUnits).toBeGreaterThanOrEqual(summary.ticks);
    const { requests, bytes, rawBytes } = summary.logService;
    expect(requests).toBeGreaterThan(4);
    expect(bytes).toBeGreaterThan(100);
    // Lines that are much alike, compressed.
    expect(rawBytes).toBeGreaterThan(bytes);
    expectNothingLeft(finished);
  });

  it('keeps each line’s bytes: binary, empty, CRLF, no newline at the end', async () => {
    const { module, collected } = collector('binary');
    const bytes = Buffer.from(
      Array.from({ length: 256 }, (_, value) => value).filter((value) => value !== 10),
    );
    const content = Buffer.concat([bytes, Buffer.from('\r\n\n\r\nplain\n\r\r\nGrößen\nlast')]);
    const input = file('binary.log', content);
    const finished = await run('--input', input, '--module', module, '--shards', '1', ...options);
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ produced: 7, distinct: 7, ...clean });
    const expected = [bytes, '', '', 'plain', '\r', 'Größen', 'last'];
    expect(collected()).toEqual(expected.map((line) => Buffer.from(line as string).toString('hex')));
  });

  it('reads several inputs, stdin among them', async () => {
    const running = start('--input', file('one.log', 'one\ntwo\n'), '--input', '-', ...options);
    running.child.stdin!.end('three\nfour');
    const finished = await running.finished;
    expect(finished).toMatchObject({ code: 0 });
    expect(summaryOf(finished)).toMatchObject({ produced: 4, distinct: 4, ...clean });
  });

  it('calls the user’s function with every record, which may print what it likes', async () => {
    const { module, collected } = collector('own', `console.log('hello from ' + batch.id);`);
    const input = file('own.log', linesOf(200));
    const finished = await run('--input', input, '--module', module, ...options);
    expect(finished).toMatchObject({ code: 0 });
    const batches = [...finished.stderr.matchAll(/consumer-\d \| hello from local\/(.+)\/(.+)-.+/g)];
    expect(new Set(batches.map(([, shard]) => shard)).size).toBe(4);
    // Of CLS: no offset fits into a number, and the consumer group spans two topics.
    if (source === 'cls') {
      expect(batches.every(([, , from]) => BigInt(from!) > Number.MAX_SAFE_INTEGER)).toBe(true);
      expect(new Set(batches.map(([, shard]) => shard!.split(':')[0])).size).toBe(2);
    }
    const lines = readFileSync(input, 'latin1').split('\n').slice(0, -1);
    const hex = lines.map((line) => Buffer.from(line).toString('hex'));
    expect(collected().toSorted()).toEqual(hex.toSorted());
  });

  it(`ends at once by ${signal}, says what was left and leaves nothing`, async () => {
    const { module } = collector('slow', `await new Promise((resolve) => setTimeout(resolve, 200));`);
    const running = start('--input', '-', '--module', module, ...options);
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
  });

  it('brings again what was in flight when a consumer is killed before its checkpoint, and no more', async () => {
    const { module } = collector(
      'late',
      `if (!existsSync(output + '.killed')) {
         append(output + '.killed', '');
         setImmediate(() => globalThis.process.kill(globalThis.process.pid, 'SIGKILL'));
       }`,
    );
    const finished = await run('--input', file('late.log', linesOf(300)), '--module', module, ...options);
    expect(finished.stderr).toContain('the process ended with SIGKILL');
    expect(finished).toMatchObject({ code: 0 });
    const summary = summaryOf(finished);
    expect(summary).toMatchObject({ produced: 300, distinct: 300, lost: 0, outOfOrder: 0 });
    // Two shards of 75 lines each were this consumer's.
    expect(summary.duplicates).toBeLessThanOrEqual(150);
  });

  it('loses nothing and brings nothing out of order, whenever consumers are killed', {
    timeout: 60_000,
  }, async () => {
    const { module } = collector('killed', `await new Promise((resolve) => setTimeout(resolve, 60));`);
    const running = start('--input', '-', '--module', module, ...options);
    const alive = new Map<string, number>();
    running.onLine((line) => {
      const [, slot, pid] = /(consumer-\d) starts as process (\d+)/.exec(line) ?? [];
      if (slot !== undefined) alive.set(slot, Number(pid));
    });
    await vi.waitFor(() => expect(alive.size).toBe(2), { timeout: 15_000 });
    let kills = 0;
    for (const [index, line] of linesOf(3_000)
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
    // On a slow machine a process may have been at its deadline, and killed for that, when its turn came.
    const deaths = finished.stderr.match(/its next tick starts a new/g) ?? [];
    expect(deaths.length).toBeGreaterThanOrEqual(kills);
    expect(summaryOf(finished)).toMatchObject({ produced: 3_000, distinct: 3_000, lost: 0, outOfOrder: 0 });
    expectNothingLeft(finished);
  });
});
