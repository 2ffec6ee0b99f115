import type { WireAnswer, WireRequest } from '../../golden/wire.ts';

/** What a service's consumers say, as far as it is about who reads what. */
export interface Vocabulary {
  /** The shard that is read, if the request reads one. */
  pulled(request: WireRequest): string | undefined;
  /** The shards that are named, if the request is a heartbeat. */
  named(request: WireRequest): string[] | undefined;
  /** The shards that a heartbeat was given. */
  given(answer: WireAnswer): string[];
  /** Whether a checkpoint was asked to be moved, and was. */
  committed(request: WireRequest, answer: WireAnswer): boolean;
}

/**
 * Looks on from the wire whether a shard ever has two readers. A consumer may read what a heartbeat gave it, until it
 * sends one that no longer names it; and in all that time nobody else does. Who was dropped by the service may read on until
 * its next heartbeat that is answered, if nobody takes notice: none of its commits may be accepted.
 */
export function createReaderWatch(vocabulary: Vocabulary) {
  /** When, counted in messages, a consumer was given a shard that it still has. */
  const given = new Map<string, number>();
  /** By shard, who read it last, and when. */
  const pulls = new Map<string, Map<string, number>>();
  const violations: string[] = [];
  const strayCommits: string[] = [];
  /** Who was dropped and does not know it. */
  const adrift = new Set<string>();
  const rejoinedAtMs = new Map<string, number>();
  let messages = 0;

  function forget(consumer: string, isKept: (key: string) => boolean): void {
    for (const key of given.keys()) {
      if (key.startsWith(`${consumer} `) && !isKept(key)) given.delete(key);
    }
  }

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
    strayCommits,
    /** The service has given a consumer's shards to others, as it was silent for too long. */
    dropped(consumer: string): void {
      adrift.add(consumer);
      forget(consumer, () => false);
    },
    /** Whether a batch, just told of, was begun by somebody who had been dropped and had not joined anew. */
    isStray: ({ consumer, startedAtMs }: { consumer: string; startedAtMs: number }): boolean =>
      adrift.has(consumer) || startedAtMs < (rejoinedAtMs.get(consumer) ?? 0),
    /** Over all shards; who read two of them counts twice. */
    readerCount: () => [...pulls.values()].reduce((sum, readers) => sum + readers.size, 0),
    asked(consumer: string, request: WireRequest): void {
      messages += 1;
      const shard = vocabulary.pulled(request);
      if (shard !== undefined && !adrift.has(consumer)) pulled(consumer, shard);
      const named = vocabulary.named(request)?.map((id) => `${consumer} ${id}`);
      if (named !== undefined) forget(consumer, (key) => named.includes(key));
    },
    answered(consumer: string, request: WireRequest, answer: WireAnswer): void {
      messages += 1;
      if (adrift.has(consumer) && vocabulary.committed(request, answer)) strayCommits.push(request.target);
      if (vocabulary.named(request) === undefined || answer.status !== 200) return;
      if (adrift.delete(consumer)) rejoinedAtMs.set(consumer, Date.now());
      for (const id of vocabulary.given(answer)) {
        if (!given.has(`${consumer} ${id}`)) given.set(`${consumer} ${id}`, messages);
      }
    },
  };
}
