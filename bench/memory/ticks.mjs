/**
 * A sandbox of Lambda as far as a bundle can tell: ticks until so many ticks had shards, then says what they did. Run by limited.ts, under its
 * limit.
 */
import { setTimeout as wait } from 'node:timers/promises';

const [, , bundle, ticksWanted] = process.argv;
const TICK_MS = Number(process.env.BENCH_TICK_MS);
/** Where the slot is busy, or nothing is assigned yet. */
const AGAIN_MS = 500;
const { handler } = await import(bundle);
const said = { ticks: 0, batches: 0, records: 0, bytes: 0, workMs: 0 };
while (said.ticks < Number(ticksWanted)) {
  const startedAt = Date.now();
  const context = {
    awsRequestId: crypto.randomUUID(),
    functionName: 'bench',
    getRemainingTimeInMillis: () => startedAt + TICK_MS - Date.now(),
  };
  const { shards = [] } = await handler({ slot: 'consumer-0' }, context);
  for (const { batches, records, bytes } of shards) {
    said.batches += batches;
    said.records += records;
    said.bytes += bytes;
  }
  if (shards.length > 0) said.workMs += Date.now() - startedAt;
  if (shards.length > 0) said.ticks++;
  await wait(AGAIN_MS);
}
process.stdout.write(`\n${JSON.stringify({ said })}\n`);
process.exit();
