/** The user module of the slots: tells what it was given, as a line of the function's output. */
import { stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatch } from '../../../lib/index.ts';

/** Long enough to be caught in the middle. */
const PROCESS_MS = 30;

export const eachBatch: EachBatch = async ({ shard, from, to, records }) => {
  const startedAtMs = Date.now();
  const numbers = [...records].map((record) => Number(record.get('n')));
  await sleep(PROCESS_MS);
  const told = { shard, from, to, startedAtMs, endedAtMs: Date.now(), records: numbers };
  // Not by the logger, whose lists are cut: every number counts.
  stdout.write(`${JSON.stringify({ event: 'interop.batch', ...told })}\n`);
};
