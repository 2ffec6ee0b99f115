import assert from 'node:assert/strict';
import { assertInOrder, assertNoneLost, type ConsumedBatch, countRecords, until } from '../consumed.ts';
import type { Member } from './members.ts';
import type { Producer } from './producer.ts';
import { SHARDS } from './service.ts';
import type { startMixedStage } from './stage.ts';

type Stage = Awaited<ReturnType<typeof startMixedStage>>;

/** Resolves once a consumer has processed something since then. */
export function works({ batches }: Stage, consumer: string, since = batches.length): Promise<void> {
  return until(`${consumer} to work`, () =>
    batches.slice(since).some((batch) => batch.consumer === consumer),
  );
}

/** Whatever became of its reader, every shard has one again. */
export async function everyShardIsRead(batches: readonly ConsumedBatch[]): Promise<void> {
  const since = batches.length;
  const read = (): number => new Set(batches.slice(since).map(({ shard }) => shard)).size;
  await until('every shard to be read', () => read() === SHARDS);
}

/** Puts no more, waits for the rest, lets the last members go, and looks whether all is as it has to be. */
export async function conclude(
  stage: Stage,
  producer: Producer,
  members: readonly Member[],
): Promise<string> {
  const { service, batches, watch, troubles, unlucky } = stage;
  const recordCount = await producer.stop();
  const processed = (): number => new Set(batches.flatMap(({ records }) => records)).size;
  await until('every record', () => processed() === recordCount);
  for (const member of members) await member.leave();
  assert.deepEqual(troubles, []);
  assert.deepEqual(watch.violations, []);
  assertNoneLost(batches, recordCount);
  assertInOrder(batches, service.positionOf, unlucky);
  assert.deepEqual(await service.checkpoints(), service.endCursors());
  const repeated = countRecords(batches) - recordCount;
  return `${recordCount} records in ${batches.length} batches, ${repeated} repeated, ${watch.readerCount()} readers of ${SHARDS} shards`;
}
