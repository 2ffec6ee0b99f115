import type { WireAnswer, WireRequest } from '../../golden/wire.ts';

/**
 * Looks on from the wire whether a shard ever has two readers. A consumer may read what a heartbeat gave it, until it
 * sends one that no longer names it; and in all that time nobody else does.
 */
export function createReaderWatch() {
  /** When, counted in messages, a consumer was given a shard that it still has. */
  const given = new Map<string, number>();
  /** By shard, who read it last, and when. */
  const pulls = new Map<string, Map<string, number>>();
  const violations: string[] = [];
  let messages = 0;

  function pulled(consumer: string, shard: string): void {
    const since = given.get(`${consumer} ${shard}`);
    if (since === undefined) violations.push(`${consumer} read shard ${shard}, which it had not`);
    const readers = pulls.get(shard) ?? new Map<string, number>();
    pulls.set(shard, readers.set(consumer, messages));
    for (const [other, at] of readers) {
      if (other !== consumer && since !== undefined && at > since) {
        violations.push(`${consumer} and ${other} both read shard ${shard}`);
      }
    }
  }

  return {
    violations,
    /** Over all shards; who read two of them counts twice. */
    readerCount: () => [...pulls.values()].reduce((sum, readers) => sum + readers.size, 0),
    asked(consumer: string, { target, body }: WireRequest): void {
      messages += 1;
      const shard = /\/shards\/(\d+)\?.*\btype=logs?\b/.exec(target)?.[1];
      if (shard !== undefined) pulled(consumer, shard);
      if (!isHeartbeat(target)) return;
      const named = (JSON.parse(body.toString()) as number[]).map((id) => `${consumer} ${id}`);
      for (const key of given.keys()) {
        if (key.startsWith(`${consumer} `) && !named.includes(key)) given.delete(key);
      }
    },
    answered(consumer: string, { target }: WireRequest, { status, body }: WireAnswer): void {
      messages += 1;
      if (!isHeartbeat(target) || status !== 200) return;
      for (const id of JSON.parse(body.toString()) as number[]) {
        if (!given.has(`${consumer} ${id}`)) given.set(`${consumer} ${id}`, messages);
      }
    },
  };
}

function isHeartbeat(target: string): boolean {
  return /\/consumergroups\/.*\btype=heartbeat\b/.test(target);
}
