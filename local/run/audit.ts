/** What a local run puts around the user's function: what it was given is noted in the ledger as soon as it has succeeded. */
import { env, stdout } from 'node:process';
import { crc32 } from 'node:zlib';
import type { Batch, EachBatch } from '../../lib/delivery/userModule.ts';
import { openLedger } from './ledger.ts';
import { CONTENT_FIELD, LINE_FIELD } from './record.ts';

/** The user's function, with every batch noted in the ledger that `LOCAL_LEDGER` names. */
export function audited(eachBatch: EachBatch): EachBatch {
  const { LOCAL_SLOT: slot, LOCAL_LEDGER: ledger } = env;
  if (!slot || !ledger) throw new Error('audit: slot and ledger must be given');
  const append = orReport(ledger, () => openLedger(ledger));
  return async (batch, context) => {
    await eachBatch(batch, context);
    const records = checksumsOf(batch);
    orReport(ledger, () => append({ slot, shard: batch.shard, batch: batch.id, records }));
  };
}

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
function orReport<T>(ledger: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = (error as Error).message;
    stdout.write(`${JSON.stringify({ event: 'ledger.failed', file: ledger, reason })}\n`);
    throw new Error(`the ledger ${ledger} cannot be written: ${reason}`, { cause: error });
  }
}
