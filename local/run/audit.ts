/**
 * The `process` of a local run: calls the user's, and notes in the ledger what it was given as soon as it succeeded. Bundled
 * by the run and named to the handler by `SHARDBEAT_PROCESS`, so that the handler is the very artefact that is deployed.
 */
import { env, stdout } from 'node:process';
import { crc32 } from 'node:zlib';
import { loadProcess } from '../../lib/delivery/loadProcess.ts';
import type { Batch, Process } from '../../lib/delivery/process.ts';
import { openLedger } from './ledger.ts';
import { CONTENT_FIELD, LINE_FIELD } from './record.ts';

const { LOCAL_SLOT: slot, LOCAL_LEDGER: ledger, LOCAL_PROCESS: module } = env;
if (!slot || !ledger || !module) throw new Error('audit: slot, ledger and process must be given');

const userProcess = await loadProcess(module, import.meta.url);
const append = orReport(() => openLedger(ledger));

export const process: Process = async (batch, context) => {
  await userProcess(batch, context);
  const records = checksumsOf(batch);
  orReport(() => append({ slot, shard: batch.shard, batch: batch.id, records }));
};

function checksumsOf(batch: Batch): Uint32Array {
  const numbers: number[] = [];
  for (const record of batch.records) {
    const line = Number(record.get(LINE_FIELD));
    const content = record.bytes(CONTENT_FIELD) ?? new Uint8Array(0);
    numbers.push(line > 0 && line < 2 ** 32 ? line : 0, crc32(content));
  }
  return Uint32Array.from(numbers);
}

/** Without its ledger the run proves nothing: the host is told, and ends it. */
function orReport<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = (error as Error).message;
    stdout.write(`${JSON.stringify({ event: 'ledger.failed', file: ledger, reason })}\n`);
    throw new Error(`the ledger ${ledger} cannot be written: ${reason}`, { cause: error });
  }
}
