import type { WireAnswer, WireRequest } from '../../golden/wire.ts';

/** What a service's consumers say, as far as it is about who reads what. */
export interface Vocabulary {
  /** The shard that is read, if the request reads one. */
  pulled(request: WireRequest): string | undefined;
  /** The shards that are named, if the request is a heartbeat. */
  named(request: WireRequest): string[] | undefined;
  /** The shards that a heartbeat was given. */
  given(answer: WireAnswer): string[];
}

/**
 * Looks on from the wire whether a shard ever has two readers. A consumer may read what a heartbeat gave it, until it
 * sends one that no longer names it; and in all that time nobody else does.
 */
export function createReaderWatch(vocabulary: Vocabulary) {
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
    asked(consumer: string, request: WireRequest): void {
      messages += 1;
      const shard = vocabulary.pulled(request);
      if (shard !== undefined) pulled(consumer, shard);
      const named = vocabulary.named(request)?.map((id) => `${consumer} ${id}`);
      if (named === undefined) return;
      for (const key of given.keys()) {
        if (key.startsWith(`${consumer} `) && !named.includes(key)) given.delete(key);
      }
    },
    answered(consumer: string, request: WireRequest, answer: WireAnswer): void {
      messages += 1;
      if (vocabulary.named(request) === undefined || answer.status !== 200) return;
      for (const id of vocabulary.given(answer)) {
        if (!given.has(`${consumer} ${id}`)) given.set(`${consumer} ${id}`, messages);
      }
    },
  };
}
