import { rmSync } from 'node:fs';
import { env, exit, kill, pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, EachBatch } from '../../lib/index.ts';
import { audited } from '../../local/run/audit.ts';
import { CONTENT_FIELD } from '../../local/run/record.ts';
import { additionsOf } from './counters.ts';
import { createSink } from './sink.ts';

const { CHAOS_ORDER: orderFile, CHAOS_SINK: sinkDirectory } = env;
if (!orderFile || !sinkDirectory) throw new Error('the order file and the sink must be given');

/** Notes a batch in the ledger, and does nothing else. */
const note = audited({ deliver: async () => ({ how: 'succeeded' }) }).deliver;
/** Of each half of the work: long enough that a kill often finds a batch in work. */
const WORK_MS_MAX = 40;
const sink = createSink(sinkDirectory);

/**
 * The user's function of a chaos run: gives the batch to a sink that refuses what comes again otherwise, works a while, notes the batch in
 * the ledger, and works on before it returns, so that many a kill comes when a batch is processed and its checkpoint not written. Some
 * records it never takes: it throws, or dies of them. It counts all others, and returns what is to be written for that. Where the order file exists, it dies by itself: some moments after the note, while it still works, or when the checkpoint is on its way, or written.
 */
export const eachBatch: EachBatch = async (batch, context) => {
  sink.take(batch);
  failAtPoison(batch);
  const workMs = batch.bytes % WORK_MS_MAX;
  await sleep(workMs, undefined, { signal: context.signal });
  await note(batch, context);
  if (takeOrder(orderFile)) setTimeout(() => kill(pid, 'SIGKILL'), (batch.bytes % 7) + workMs / 2);
  await sleep(workMs, undefined, { signal: context.signal });
  return { writes: additionsOf(batch) };
};

function failAtPoison({ records }: Batch): void {
  for (const record of records) {
    const content = record.get(CONTENT_FIELD) ?? '';
    if (content.startsWith('throw ')) throw new Error('this record is bad for good');
    if (content.startsWith('exit ')) exit(1);
    while (content.startsWith('loop '));
  }
}

function takeOrder(file: string): boolean {
  try {
    rmSync(file);
    return true;
  } catch {
    return false;
  }
}
