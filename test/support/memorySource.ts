import type { LogRecord, Position, PullRequest, Source, SourceShard } from '../../lib/sources/source.ts';

export interface MemorySource extends Source {
  append(shard: string, ...contents: string[]): void;
  /** Closes the parents and opens the children. */
  replace(parents: string[], children: string[]): void;
  /** The service forgets the shard, as when its retention is over. */
  trim(shard: string): void;
  pulls: PullRequest[];
  /** Throws from every call until set back. */
  fault: Error | undefined;
}

/** A stream in memory: cursors are decimal positions. One pull brings at most `recordsMax` records. */
export function createMemorySource(shards: readonly string[], recordsMax = 2): MemorySource {
  const stored = new Map<string, { shard: SourceShard; contents: string[] }>();
  const open = (id: string, parents: string[]): void => {
    stored.set(id, { shard: { id, state: 'open', parents }, contents: [] });
  };
  for (const id of shards) open(id, []);
  const find = (id: string) => {
    if (source.fault !== undefined) throw source.fault;
    const found = stored.get(id);
    if (found === undefined) throw new Error(`ShardNotExist: ${id}`);
    return found;
  };
  const source: MemorySource = {
    kind: 'memory',
    tags: { source: 'memory' },
    pulls: [],
    fault: undefined,
    append: (shard, ...contents) => void find(shard).contents.push(...contents),
    replace(parents, children) {
      for (const parent of parents) find(parent).shard.state = 'closed';
      for (const child of children) open(child, parents);
    },
    trim: (shard) => void stored.delete(shard),
    async listShards() {
      if (source.fault !== undefined) throw source.fault;
      return [...stored.values()].map(({ shard }) => ({
        ...shard,
        parents: shard.parents.filter((parent) => stored.has(parent)),
      }));
    },
    async cursorAt(shard: string, position: Position) {
      const { contents } = find(shard);
      return String(position.at === 'begin' ? 0 : contents.length);
    },
    async pull(request) {
      request.signal.throwIfAborted();
      source.pulls.push(request);
      const { shard, contents } = find(request.shard);
      const from = Number(request.cursor);
      const end = Number(request.endCursor ?? contents.length);
      const taken = contents.slice(from, Math.min(from + recordsMax, end));
      const to = from + taken.length;
      return {
        records: taken.map(memoryRecord),
        empty: taken.length === 0,
        bytes: taken.join('').length,
        nextCursor: String(to),
        caughtUp: to === end,
        endOfShard:
          taken.length === 0 &&
          (request.endCursor !== undefined || (request.closed && shard.state === 'closed')),
        lagMs: 0,
      };
    },
  };
  return source;
}

function memoryRecord(content: string): LogRecord {
  const fields: Record<string, string> = { content };
  return {
    timeMs: 0,
    topic: '',
    source: '',
    tags: {},
    get: (field) => fields[field],
    bytes: (field) => (fields[field] === undefined ? undefined : Buffer.from(fields[field])),
    fields: () => Object.keys(fields),
    toObject: () => ({ ...fields }),
  };
}
