import { SourceError } from '../../lib/errors.ts';
import { nothingMore } from '../../lib/sources/pulled.ts';
import type { LogRecord, Pulled, PullRequest, Source, StreamList } from '../../lib/sources/source.ts';
import { listFate, sourceFate } from './fates.ts';
import type { Actor } from './host.ts';
import type { Observer } from './observer/observer.ts';
import { send } from './requests.ts';
import { cursorOf, positionOf, type StreamShard } from './stream.ts';
import type { World } from './world.ts';

/** Four of them are as little as is worth a pull. */
export const RECORD_BYTES = 256 * 1024;

function shown(list: StreamList): string {
  if ('error' in list) return `${list.stream} fails`;
  const shards = list.shards.map(({ id, state }) => (state === 'open' ? id : `${id}(closed)`));
  return `${list.stream}: ${shards.join(' ')}`;
}

/** What a replay reads is nothing of the group's. */
const UNSEEN = {
  listed: () => {},
  pulled: () => {},
  reached: () => {},
  emptied: () => {},
  pullEnded: () => {},
};

/** A driver for the simulated stream, as one run of the handler uses it. */
export function createSource(world: World, actor: Actor): Source {
  const { stream } = world;
  const observer = actor.purpose === 'replay' ? UNSEEN : world.observer;
  const ask = <T>(
    label: string,
    signal: AbortSignal,
    perform: () => T,
    show: (value: T) => string,
    fate = sourceFate(world),
    ended: () => void = () => {},
    isAside = false,
  ) =>
    send<T>(world, actor, {
      target: 'source',
      label: () => label,
      fate,
      signal,
      isAside,
      perform: () => Promise.resolve().then(perform),
      failed: (failure) => (failure === 'aborted' ? signal.reason : unavailable()),
      shown: show,
      answered: ended,
      gaveUp: ended,
    });
  return {
    kind: 'simulated',
    tags: { source: 'simulated' },
    listShards: () => Promise.reject(new Error('the group asks for each stream')),
    listStreams(signal) {
      const sentAt = world.scheduler.now();
      return ask(
        'list shards',
        signal,
        () => world.lists.list(),
        (all) => all.map(shown).join('; '),
        listFate(world),
      ).finally(() => observer.listed(actor, world.scheduler.now() - sentAt));
    },
    cursorAt: (id, position, signal) =>
      ask(
        `cursor of ${id} at ${position.at}`,
        signal,
        () => cursorOf(stream.position(found(world, id), position)),
        (cursor) => cursor,
        sourceFate(world),
        () => {},
        // Where a shard ends is asked for beside the work on it, to measure how far that is.
        position.at === 'end',
      ),
    distance: (from, to) => (world.scenario.tellsDistance ? positionOf(to) - positionOf(from) : undefined),
    pull(request) {
      observer.pulled(actor, request.shard, request.cursor);
      const ended = () => observer.pullEnded(actor, request.shard);
      return ask(
        `pull ${request.shard} ${request.cursor}`,
        request.signal,
        () => pulled(world, actor, request, observer),
        (answer) => `${answer.nextCursor}${answer.endOfShard ? ', its end' : ''}`,
        undefined,
        ended,
      )
        .then((answer) => {
          observer.reached(actor, request.shard, answer.nextCursor);
          return answer;
        })
        .finally(ended);
    },
  };
}

function pulled(
  world: World,
  actor: Actor,
  request: PullRequest,
  { emptied }: Pick<Observer, 'emptied'>,
): Pulled {
  const shard = found(world, request.shard);
  const end = shard.receivedAt.length;
  const asked = positionOf(request.cursor);
  // Services differ: some say that the cursor has expired, some go on at the oldest record left.
  if (asked < shard.trimmedUntil && world.scenario.expiresCursors) throw expired(request);
  if (world.faults.happens('emptyAnswer')) {
    emptied(actor, request.shard);
    return { ...nothingMore(request.cursor), endOfShard: false };
  }
  const wantedEnd = request.endCursor === undefined ? end : positionOf(request.endCursor);
  // What an answer holds is the service's choice, up to a limit.
  const isShort = world.faults.happens('shortAnswer');
  const countMax = isShort
    ? world.faults.dice('shortAnswer').between(1, request.countMax)
    : wantedCount(world, request);
  const from = Math.min(end, Math.max(asked, shard.trimmedUntil));
  const to = Math.max(from, Math.min(wantedEnd, from + countMax));
  const caughtUp = to === end || to >= wantedEnd;
  const answer = { isOver: false };
  const oldestMs = caughtUp ? 0 : world.scheduler.now() - shard.receivedAt[to]!;
  return {
    records: shard.receivedAt
      .slice(from, to)
      .map((timeMs, index) =>
        createRecord(world, answer, { shard: request.shard, position: from + index, timeMs }),
      ),
    release: () => {
      answer.isOver = true;
    },
    count: to - from,
    bytes: (to - from) * RECORD_BYTES,
    nextCursor: cursorOf(to),
    caughtUp,
    endOfShard:
      (request.closed && shard.closedAt !== undefined && to === end) ||
      (request.endCursor !== undefined && to >= wantedEnd),
    lagMs: oldestMs,
  };
}

/** As many as there is room for, where the service can be told so, and one at the least. */
function wantedCount(
  { scenario }: World,
  { countMax, bytesMax = Number.POSITIVE_INFINITY }: PullRequest,
): number {
  return scenario.heedsBytes
    ? Math.max(1, Math.min(countMax, Math.floor(bytesMax / RECORD_BYTES)))
    : countMax;
}

function found(world: World, id: string): StreamShard {
  const shard = world.stream.shards.get(id);
  if (shard !== undefined && shard.removedAt === undefined && world.lists.isNamed(id)) return shard;
  throw new SourceError(`shard ${id} does not exist`, {
    code: 'ShardNotExist',
    status: 404,
    retriable: false,
  });
}

const expired = ({ cursor }: PullRequest): SourceError =>
  new SourceError(`${cursor} has expired`, { code: 'CursorExpired', status: 400, retriable: false });

const unavailable = (): SourceError =>
  new SourceError('the simulated service failed', {
    code: 'InternalServerError',
    status: 500,
    retriable: true,
  });

/** A record whose fields are its position, and a key: until its answer is over. */
function createRecord(
  { poisons }: World,
  answer: { readonly isOver: boolean },
  { shard, position, timeMs }: { shard: string; position: number; timeMs: number },
): LogRecord {
  const written: Readonly<Record<string, string>> = {
    position: String(position),
    key: String(poisons.keyOf(shard, position)),
  };
  const fields = (): Readonly<Record<string, string>> => {
    if (answer.isOver) throw new Error('a record is read whose answer was given back');
    return written;
  };
  return {
    id: `${shard}/${position}/0`,
    timeMs,
    topic: '',
    source: '',
    tags: {},
    get: (field) => fields()[field],
    bytes: (field) => (fields()[field] === undefined ? undefined : Buffer.from(fields()[field]!)),
    fields: () => Object.keys(fields()),
    pairs: () =>
      Object.entries(fields())
        .map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)
        .values(),
    toObject: () => ({ ...fields() }),
  };
}
