/** What a local run puts around the user's functions: the records that are done are noted in the ledger as soon as they are. */
import { env, stdout } from 'node:process';
import { crc32 } from 'node:zlib';
import type { Deliver, Delivered, UserFunctions } from '../../lib/delivery/delivered.ts';
import type { Batch } from '../../lib/delivery/userModule.ts';
import { openLedger } from './ledger.ts';
import { CONTENT_FIELD, LINE_FIELD } from './record.ts';

/** The user's functions, with what is done of every batch noted in the ledger that `LOCAL_LEDGER` names. */
export function audited(functions: UserFunctions): UserFunctions {
  const { LOCAL_SLOT: slot, LOCAL_LEDGER: ledger } = env;
  if (!slot || !ledger) throw new Error('audit: slot and ledger must be given');
  const append = orReport(ledger, () => openLedger(ledger));
  const deliver: Deliver = async (batch, context) => {
    const delivered = await functions.deliver(batch, context);
    try {
      const records = checksumsOf(batch, doneOf(delivered));
      const { id, shard, redriven } = batch;
      const entry = { slot, shard, batch: id, records, ...(redriven && { redriven }) };
      if (records.length > 0) orReport(ledger, () => append(entry));
      return delivered;
    } catch (error) {
      return { how: 'failed', error };
    }
  };
  return { ...functions, deliver };
}

/** How many records from the first one on are done. */
function doneOf(delivered: Delivered): number {
  if (delivered.how === 'succeeded') return Number.POSITIVE_INFINITY;
  return 'done' in delivered ? delivered.done : 0;
}

function checksumsOf(batch: Batch, count: number): Uint32Array {
  const numbers: number[] = [];
  if (count === 0) return Uint32Array.of();
  for (const record of batch.records) {
    const line = Number(record.get(LINE_FIELD));
    const content = record.bytes(CONTENT_FIELD) ?? new Uint8Array(0);
    numbers.push(line > 0 && line < 2 ** 32 ? line : 0, crc32(content));
    if (numbers.length >= 2 * count) break;
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
