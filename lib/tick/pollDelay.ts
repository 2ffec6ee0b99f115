/** What a shard's next poll goes by. */
export interface Polling {
  /** Since the last record of the shard, or since it was first found read up. */
  idleMs: number;
  /** So many answers in a row were failures. */
  failures: number;
  /** How many shards the tick polls. */
  shards: number;
  /** Uniform in [0, 1): slots and shards that began together are not to go on together. */
  chance: number;
}

/** While records come. Each poll that brings some is a batch, and a write to the table. */
const FAST_MS = 500;
/** Long after the last one: a record waits half of it, on average. */
const SLOW_MS = 1_500;
/** A shard that has been idle for so many polls is polled as slowly again. */
const IDLE_SHARE = 1 / 8;
/** After failures. */
const FAILING_MS_MAX = 6_000;
/** Of all shards of a tick together: what a small function can do. Each shard's own quota (SLS 100 a second, CLS 200) is far away. */
const POLLS_PER_SECOND_MAX = 50;
const JITTER = 0.25;

/** Pure: how long to wait until a shard that is read up is asked again. */
export function pollDelayMs({ idleMs, failures, shards, chance }: Polling): number {
  const wanted =
    failures > 0
      ? Math.min(FAILING_MS_MAX, SLOW_MS * 2 ** failures)
      : Math.min(SLOW_MS, Math.max(FAST_MS, idleMs * IDLE_SHARE));
  const least = (shards / POLLS_PER_SECOND_MAX) * 1_000;
  return Math.round(Math.max(wanted, least) * (1 - JITTER + 2 * JITTER * chance));
}
