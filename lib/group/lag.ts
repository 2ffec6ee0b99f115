/** How far a group is behind its stream, as the log service tells: for operators. A tick knows its own shards' lag. */
import { messageOf } from '../observe/plainError.ts';
import { forEachParallel } from '../parallel.ts';
import { type Source, streamOf } from '../sources/source.ts';
import type { ShardItem } from './items.ts';
import type { GroupStore, RequestOptions } from './store.ts';

/** Where a shard's checkpoint stands against what the service holds. */
export interface ShardLag {
  readonly shard: string;
  /** How many positions lie between the checkpoint and the end; undefined where the service's cursors do not tell. */
  readonly positions: number | undefined;
  /** How long ago the service received what comes next; 0 for a shard that is read up, undefined where it does not tell. */
  readonly lagMs: number | undefined;
  /**
   * Until the retention passes the checkpoint, and records are lost; 0: it has passed. Undefined where nothing waits, the service keeps
   * everything, or does not tell.
   */
  readonly leftMs: number | undefined;
  /** Why it could not be told. */
  readonly error?: string;
}

/** How far a group is behind. Shards that are done are left out. */
export interface Lag {
  /** What a position is, in the plural: `log groups`. */
  readonly unit: string;
  readonly shards: readonly ShardLag[];
  /** Why the time that is left is not known, where that is so. */
  readonly retentionError?: string;
}

export type LagSource = Pick<
  Source,
  'cursorAt' | 'distance' | 'tags' | 'tagsOf' | 'positions' | 'receivedAt' | 'retentionMs'
>;

const PARALLEL_MAX = 8;
const MESSAGE_CHARACTERS_MAX = 300;

/** Asks the service about every shard that is not done; what fails is told in its place. */
export async function lagOf(
  store: GroupStore,
  source: LagSource,
  now: number,
  { signal }: RequestOptions,
): Promise<Lag> {
  const { shards } = await store.readAll({ signal, consistent: true });
  const open = [...shards].filter(([, { state }]) => state !== 'done').sort(([a], [b]) => (a < b ? -1 : 1));
  const told = new Map<string, ShardLag>();
  const failures: unknown[] = [];
  const retentionOf = oncePerStream(source, (shard) =>
    // Not known is no reason to tell nothing at all: it takes a right of its own.
    source.retentionMs?.(shard, signal).catch((error: unknown) => {
      failures.push(error);
      return undefined;
    }),
  );
  await forEachParallel(open, PARALLEL_MAX, async ([shard, item]) => {
    told.set(
      shard,
      await shardLag(source, shard, item, { now, signal, retentionOf }).catch((error: unknown) => {
        const unknown = { positions: undefined, lagMs: undefined, leftMs: undefined };
        return { shard, ...unknown, error: messageOf(error, MESSAGE_CHARACTERS_MAX) };
      }),
    );
  });
  return {
    unit: source.positions ?? 'positions',
    shards: open.map(([shard]) => told.get(shard)!),
    ...(failures.length > 0 && { retentionError: messageOf(failures[0], MESSAGE_CHARACTERS_MAX) }),
  };
}

/** Asks about the first shard of each stream. */
function oncePerStream<T>(source: LagSource, ask: (shard: string) => T): (shard: string) => T {
  const answers = new Map<string, T>();
  return (shard) => {
    const stream = streamOf(source, shard);
    if (!answers.has(stream)) answers.set(stream, ask(shard));
    return answers.get(stream)!;
  };
}

interface Asking {
  now: number;
  signal: AbortSignal;
  retentionOf(shard: string): Promise<number | undefined> | undefined;
}

async function shardLag(
  source: LagSource,
  shard: string,
  { cursor }: ShardItem,
  { now, signal, retentionOf }: Asking,
): Promise<ShardLag> {
  const end = await source.cursorAt(shard, { at: 'end' }, signal);
  const positions = source.distance?.(cursor, end);
  if (end === cursor || (positions !== undefined && positions <= 0)) {
    return { shard, positions: 0, lagMs: 0, leftMs: undefined };
  }
  const begin = await source.cursorAt(shard, { at: 'begin' }, signal);
  const isExpired = (source.distance?.(cursor, begin) ?? 0) > 0;
  if (isExpired && begin === end) return { shard, positions, lagMs: undefined, leftMs: 0 };
  const receivedAt = await source.receivedAt?.(shard, isExpired ? begin : cursor, signal);
  const lagMs = receivedAt === undefined ? undefined : Math.max(0, now - receivedAt);
  const retentionMs = isExpired || lagMs === undefined ? undefined : await retentionOf(shard);
  const leftMs = retentionMs === undefined ? undefined : Math.max(0, retentionMs - lagMs!);
  return { shard, positions, lagMs, leftMs: isExpired ? 0 : leftMs };
}
