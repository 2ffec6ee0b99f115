/** Several streams of one kind as one source, so that one group shares out the shards of all of them. */
import assert from 'node:assert/strict';
import { orAborted } from '../abort.ts';
import { SourceError } from '../errors.ts';
import type { Source, SourceShard } from './source.ts';

/**
 * One source over several, by name. A shard's id is `name:id`, with the id as its own source knows it, so a name must hold
 * no colon. `tags` is what all have in common, `tagsOf` tells a shard's own. Cursors stay as they are.
 */
export function combineSources(members: Readonly<Record<string, Source>>): Source {
  const names = Object.keys(members).sort();
  const [first] = names.map((name) => members[name]!);
  assert(first !== undefined, 'nothing to combine');
  assert(
    names.every((name) => !name.includes(':') && members[name]!.kind === first.kind),
    `cannot be combined: ${names.join(', ')}`,
  );
  const find = (shard: string) => memberOf(members, shard);

  return {
    kind: first.kind,
    tags: commonTags(names.map((name) => members[name]!.tags)),
    tagsOf(shard) {
      const { source, id } = find(shard);
      return source.tagsOf?.(id) ?? source.tags;
    },
    // All or nothing: a list without the shards of one member would read as if they were gone.
    async listShards(signal) {
      return (await Promise.all(names.map((name) => listOf(members, name, signal)))).flat();
    },
    listStreams: (signal) =>
      Promise.all(
        names.map((name) =>
          orAborted(listOf(members, name, signal), signal).then(
            (shards) => ({ stream: name, shards }),
            (error: unknown) => ({ stream: name, error }),
          ),
        ),
      ),
    async cursorAt(shard, position, signal) {
      const { source, id } = find(shard);
      return source.cursorAt(id, position, signal);
    },
    async pull(request) {
      const { source, id } = find(request.shard);
      return source.pull({ ...request, shard: id, shardName: request.shardName ?? request.shard });
    },
    ...(first.retentionMs !== undefined && {
      async retentionMs(shard: string, signal: AbortSignal) {
        const { source, id } = find(shard);
        return source.retentionMs?.(id, signal);
      },
    }),
    // Of one kind, all write their cursors in one way.
    ...(first.distance !== undefined && { distance: first.distance }),
    ...(first.positions !== undefined && { positions: first.positions }),
    ...(first.receivedAt !== undefined && {
      async receivedAt(shard, cursor, signal) {
        const { source, id } = find(shard);
        return source.receivedAt!(id, cursor, signal);
      },
    }),
  };
}

function memberOf(members: Readonly<Record<string, Source>>, shard: string): { source: Source; id: string } {
  const colon = shard.indexOf(':');
  const name = shard.slice(0, Math.max(0, colon));
  if (Object.hasOwn(members, name)) return { source: members[name]!, id: shard.slice(colon + 1) };
  throw new SourceError(`shard ${shard}: no stream of that name is read here`, {
    code: 'ShardNotExist',
    status: 404,
    retriable: false,
  });
}

async function listOf(
  members: Readonly<Record<string, Source>>,
  name: string,
  signal: AbortSignal,
): Promise<SourceShard[]> {
  return (await members[name]!.listShards(signal)).map(prefixed(name));
}

const prefixed =
  (name: string) =>
  ({ id, state, parents }: SourceShard): SourceShard => ({
    id: `${name}:${id}`,
    state,
    parents: parents.map((parent) => `${name}:${parent}`),
  });

function commonTags(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([key, value]) => others.every((tags) => tags[key] === value)),
  );
}
