/** The `process` of the slots: tells, through the function's own log, what it was given. Loaded as it stands. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Process } from '../../../lib/delivery/process.ts';

/** Long enough to be caught in the middle. */
const PROCESS_MS = 30;

export const process: Process = async ({ shard, from, to, records }, { logger }) => {
  const startedAtMs = Date.now();
  const numbers = [...records].map((record) => Number(record.get('n')));
  await sleep(PROCESS_MS);
  const told = { shard, from, to, startedAtMs, endedAtMs: Date.now(), records: numbers };
  logger.info('interop.batch', told);
};
