import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLED } from '../../../infra/bundle.ts';
import type { Invocation } from '../../../local/host/invocation.ts';
import type { LogEvent } from '../../../local/host/outputLines.ts';
import { createSandbox } from '../../../local/host/sandbox.ts';
import { type LedgerEntry, tailLedger } from '../../../local/run/ledger.ts';

const directory = mkdtempSync(join(tmpdir(), 'audit-test-'));

beforeAll(async () => {
  const module = join(directory, 'user.ts');
  writeFileSync(
    module,
    `export const eachBatch = async (batch: { records: Iterable<{ bytes(field: string): Buffer }> }) => {
       for (const record of batch.records) {
         const content = String(record.bytes('content'));
         if (content === 'bad') throw new Error('a bad record');
         if (content === 'named') return { failed: [record] };
       }
     };`,
  );
  const run = join(import.meta.dirname, '../../../local/run');
  const userFunctions = join(import.meta.dirname, '../../../lib/delivery/userFunctions.ts');
  const contents = `import { eachBatch } from ${JSON.stringify(module)};
     import { userFunctionsOf } from ${JSON.stringify(userFunctions)};
     import { audited } from ${JSON.stringify(join(run, 'audit.ts'))};
     import { deliverTo } from ${JSON.stringify(join(import.meta.dirname, 'fixtures/deliver.ts'))};
     export const handler = deliverTo(audited(userFunctionsOf({ eachBatch })));`;
  const stdin = { contents, resolveDir: directory };
  await build({ ...BUNDLED, write: true, stdin, outfile: join(directory, 'deliver.mjs') });
});
afterAll(() => rmSync(directory, { recursive: true }));

async function deliver(lines: { line?: string; content: string }[], ledger = join(directory, 'ledger')) {
  const events: LogEvent[] = [];
  const sandbox = createSandbox({
    functionName: 'deliver',
    code: { taskRoot: directory, handler: 'deliver.handler' },
    writable: [ledger],
    environment: {
      LOCAL_LEDGER: ledger,
      LOCAL_SLOT: 'consumer-1',
    },
    onEvent: (event) => events.push(event),
  });
  const tail = ledger === '/dev/full' ? undefined : await tailLedger(ledger);
  const invocation: Invocation = await sandbox.invoke({ lines }, { timeoutMs: 10_000 });
  await sandbox.close();
  const entries: LedgerEntry[] = (await tail?.read()) ?? [];
  await tail?.close();
  rmSync(ledger === '/dev/full' ? join(directory, 'none') : ledger, { force: true });
  return { invocation, events, entries };
}

describe('the audited function', () => {
  it('notes line and checksum of each record once the user’s function succeeded', async () => {
    const { invocation, entries } = await deliver([
      { line: '7', content: 'seven' },
      { line: '8', content: '' },
      { content: 'no line' },
      { line: '4294967303', content: 'seven' },
    ]);
    expect(invocation.outcome).toBe('answered');
    const records = Uint32Array.from([
      7,
      crc32('seven'),
      8,
      crc32(''),
      0,
      crc32('no line'),
      0,
      crc32('seven'),
    ]);
    expect(entries).toEqual([{ slot: 'consumer-1', shard: '3', batch: 'local/3/a-b', records }]);
  });

  it('notes the records before the one that the user’s function names', async () => {
    const lines = [
      { line: '7', content: 'seven' },
      { line: '8', content: 'named' },
      { line: '9', content: 'nine' },
    ];
    const { invocation, entries } = await deliver(lines);
    expect(invocation).toEqual({ outcome: 'answered', result: { how: 'named', done: 1 } });
    const records = Uint32Array.from([7, crc32('seven')]);
    expect(entries).toEqual([{ slot: 'consumer-1', shard: '3', batch: 'local/3/a-b', records }]);
    expect((await deliver(lines.slice(1))).entries).toEqual([]);
  });

  it('notes nothing if the user’s function throws, and throws the same', async () => {
    const { invocation, entries } = await deliver([
      { line: '7', content: 'good' },
      { line: '8', content: 'bad' },
    ]);
    expect(invocation).toMatchObject({ outcome: 'failed', error: expect.stringContaining('a bad record') });
    expect(entries).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'tells the host when the ledger cannot be written, and fails the batch',
    async () => {
      const { invocation, events } = await deliver([{ line: '7', content: 'seven' }], '/dev/full');
      expect(invocation).toMatchObject({ outcome: 'failed', error: expect.stringContaining('ENOSPC') });
      expect(events).toEqual([
        { event: 'ledger.failed', file: '/dev/full', reason: expect.stringContaining('ENOSPC') },
      ]);
    },
  );
});
