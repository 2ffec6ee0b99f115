import { streamOf } from '../../lib/group/listing.ts';
import type { SourceShard, StreamList } from '../../lib/sources/source.ts';
import type { World } from './world.ts';

/** What the service says of its shards, which is not always the truth; and which streams the settings name. */
export interface Lists {
  list(): StreamList[];
  isNamed(shard: string): boolean;
  /** Has the shard ever been left out of an otherwise true list? */
  wasHidden(shard: string): boolean;
  cease(): void;
}

export const LIST_REFUSED = 'forbidden';

/** Longer than it takes to give a shard up. */
const INTERVALS_MAX = 8;

export function startLists(world: World): Lists {
  const { scheduler, faults, stream, settings, trace } = world;
  const { intervalMs } = settings.times;
  const until = new Map<string, number>();
  const hidden = new Set<string>();
  let ceased = false;
  const lasts = (what: string): boolean => !ceased && (until.get(what) ?? 0) > scheduler.now();
  const streams = (): string[] => [...new Set([...stream.shards.keys()].map(streamOf))];

  const draw = (fault: 'hiddenShard' | 'emptyList' | 'failingList' | 'droppedStream', of: string[]): void => {
    if (!faults.happens(fault)) return;
    const dice = faults.dice(fault);
    const what = dice.pick(of);
    if (fault === 'hiddenShard') hidden.add(what);
    until.set(`${fault} ${what}`, scheduler.now() + dice.between(1, INTERVALS_MAX) * intervalMs);
    trace.add('stream', () => `${fault} of ${what}`);
  };
  const step = (): void => {
    if (ceased) return;
    scheduler.after(intervalMs, step);
    draw('hiddenShard', [...stream.shards.keys()]);
    draw('emptyList', streams());
    draw('failingList', streams());
    draw('droppedStream', streams());
  };
  scheduler.after(0, step);

  const isNamed = (name: string): boolean => !lasts(`droppedStream ${name}`);
  const listOf = (name: string): StreamList => {
    if (lasts(`failingList ${name}`)) return { stream: name, error: new Error(LIST_REFUSED) };
    if (lasts(`emptyList ${name}`)) return { stream: name, shards: [] };
    const listed = stream.listed().filter(({ id }) => streamOf(id) === name && !lasts(`hiddenShard ${id}`));
    const ids = new Set(listed.map(({ id }) => id));
    const shards = listed.map(
      ({ id, closedAt, parents }): SourceShard => ({
        id,
        state: closedAt === undefined ? 'open' : 'closed',
        parents: parents.filter((parent) => ids.has(parent)),
      }),
    );
    return { stream: name, shards };
  };
  return {
    list: () => streams().filter(isNamed).map(listOf),
    isNamed: (shard) => isNamed(streamOf(shard)),
    wasHidden: (shard) => hidden.has(shard),
    cease() {
      ceased = true;
    },
  };
}
