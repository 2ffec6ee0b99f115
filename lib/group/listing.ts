import { orAborted } from '../abort.ts';
import { SourceError } from '../errors.ts';
import type { SourceShard, StreamList } from '../sources/source.ts';

/** What the source says of its shards, and of which of its streams it says nothing. */
export interface Listing {
  shards: SourceShard[];
  /** By the name of the stream; '' is that of a source of one stream. */
  unlisted: Map<string, unknown>;
  /** Is the shard of a stream that the settings name and that was listed? Only of those does a list say what is gone. */
  covers(shard: string): boolean;
  /** Is the shard of a stream that the settings no longer name? It is kept as it is until they name it again. */
  isForeign(shard: string): boolean;
}

/** Where a source has several streams, a shard's id begins with the name of its own and a colon. */
export const streamOf = (shard: string): string => shard.slice(0, Math.max(0, shard.indexOf(':')));

interface Listable {
  listShards(signal: AbortSignal): Promise<SourceShard[]>;
  listStreams?(signal: AbortSignal): Promise<StreamList[]>;
}

/**
 * Asks for all shards. A stream that cannot be listed, for as long as `asking` lasts, hides no other one. Throws only what
 * `signal` was aborted with: then the caller itself has no time left.
 */
export async function listAll(
  source: Listable,
  asking: AbortSignal,
  { signal }: { signal: AbortSignal },
): Promise<Listing> {
  const listed = await listEach(source, asking);
  signal.throwIfAborted();
  return toListing(listed, source.listStreams !== undefined);
}

function listEach(source: Listable, asking: AbortSignal): Promise<StreamList[]> {
  if (source.listStreams !== undefined) return source.listStreams(asking);
  return orAborted(source.listShards(asking), asking).then(
    (shards) => [{ stream: '', shards }],
    (error: unknown) => [{ stream: '', error }],
  );
}

/** Pure. */
export function toListing(listed: readonly StreamList[], several: boolean): Listing {
  const credible = listed.map(believed);
  const named = new Set(credible.map(({ stream }) => stream));
  const unlisted = new Map(
    credible.flatMap((list) => ('error' in list ? [[list.stream, list.error] as const] : [])),
  );
  const streamIn = (shard: string): string => (several ? streamOf(shard) : '');
  return {
    shards: credible.flatMap((list) => ('shards' in list ? list.shards : [])),
    unlisted,
    covers: (shard) => named.has(streamIn(shard)) && !unlisted.has(streamIn(shard)),
    isForeign: (shard) => !named.has(streamIn(shard)),
  };
}

/**
 * Every stream has an open shard at any time, since a split or merge opens shards for those that it closes. A list without one is
 * a mistake of the service or of something on the way, and would make every shard look gone.
 */
function believed(list: StreamList): StreamList {
  if ('error' in list || list.shards.some(({ state }) => state === 'open')) return list;
  const error = new SourceError(`the list of shards names no open one, of ${list.shards.length}`, {
    code: 'ListNotBelieved',
    status: 200,
    retriable: true,
  });
  return { stream: list.stream, error };
}

/** What somebody can do about what the source refused a plan; undefined where waiting helps, or the error says it itself. */
export function remedyOf(error: unknown): string | undefined {
  if (!(error instanceof SourceError) || error.retriable) return undefined;
  if (error.status === 404) return 'check the names of the stream, and the region, in the settings';
  return 'check the access key and what it may do: listing shards and getting cursors is what a plan needs';
}
