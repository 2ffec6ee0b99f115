/** What has happened to shards between two looks at a group. Pure. */
import { plain } from '../text.ts';
import { type Between, type Happening, isSought } from './between.ts';
import { isFailing } from './standing.ts';
import { clockOf, type Shard } from './state.ts';

export function ofShards(between: Between): Happening[] {
  const earlier = new Map(between.before.description.shards.map((shard) => [shard.shard, shard]));
  const now = new Set(between.look.description.shards.map(({ shard }) => shard));
  const gone = [...earlier.keys()].filter((shard) => !now.has(shard));
  return [
    ...between.look.description.shards.flatMap((shard) => {
      const was = earlier.get(shard.shard);
      return was === undefined
        ? [newShard(shard), ...ownerships(undefined, shard, between)]
        : ofShard(was, shard, between);
    }),
    ...gone.map(
      (shard) =>
        ({ kind: 'shardGone', tone: 'info', shard, text: `shard ${shard} is gone from the table` }) as const,
    ),
  ];
}

function newShard({ shard, parents }: Shard): Happening {
  const of = parents.length === 0 ? '' : `, which continues ${parents.join(' and ')}`;
  return { kind: 'newShard', tone: 'info', shard, text: `shard ${shard} is new${of}` };
}

function ofShard(was: Shard, is: Shard, between: Between): Happening[] {
  const { shard } = is;
  const once = (has: boolean, happening: Omit<Happening, 'shard'>): Happening[] =>
    has ? [{ ...happening, shard }] : [];
  return [
    ...ownerships(was, is, between),
    ...once(is.state === 'done' && was.state !== 'done', {
      kind: 'shardDone',
      tone: 'good',
      text: `shard ${shard} was read to its end`,
    }),
    ...once(is.givenUpAt !== undefined && was.givenUpAt === undefined, {
      kind: 'unlisted',
      tone: 'bad',
      text: `shard ${shard} is not listed any more, with records left in it`,
    }),
    ...once(is.givenUpAt === undefined && was.givenUpAt !== undefined, {
      kind: 'listed',
      tone: 'good',
      text: `shard ${shard} is listed again`,
    }),
    ...once(is.paused === true && was.paused !== true, {
      kind: 'paused',
      tone: 'warning',
      text: `shard ${shard} was paused`,
    }),
    ...once(was.paused === true && is.paused !== true && is.state !== 'done', {
      kind: 'resumed',
      tone: 'good',
      text: `shard ${shard} was resumed`,
    }),
    ...once(isSought(was, is, between.distance), {
      kind: 'sought',
      tone: 'warning',
      text: `the checkpoint of shard ${shard} was moved`,
    }),
    ...troubles(was, is),
  ];
}

function ownerships(was: Shard | undefined, is: Shard, { look, overlaps }: Between): Happening[] {
  const { shard, owner } = is;
  if (owner === undefined || owner === was?.owner) return [];
  const heartbeatAt = look.description.consumers.find(({ slot }) => slot === owner)?.heartbeatAt;
  const at = heartbeatAt === undefined ? {} : { at: clockOf(look)(heartbeatAt) };
  const taken: Happening =
    was?.owner === undefined
      ? { kind: 'claimed', tone: 'info', shard, slot: owner, ...at, text: `${owner} takes shard ${shard}` }
      : {
          kind: 'handOff',
          tone: 'info',
          shard,
          slot: owner,
          ...at,
          text: `shard ${shard} goes from ${was.owner} to ${owner}`,
        };
  const overlap = overlaps.get(shard);
  if (overlap === undefined) return [taken];
  const text = `shard ${shard}: a run of ${overlap.slot}, which had it before, may be at work; records may be processed twice`;
  return [taken, { kind: 'overlap', tone: 'warning', shard, slot: overlap.slot, at: overlap.from, text }];
}

function troubles(was: Shard, is: Shard): Happening[] {
  const { shard, pending } = is;
  const because = pending?.message === undefined ? '' : `: ${plain(pending.message)}`;
  const [wasBlocked, isBlocked] = [was.pending?.block !== undefined, pending?.block !== undefined];
  const [wasWrong, isWrong] = [wasBlocked || isFailing(was), isBlocked || isFailing(is)];
  if (isBlocked && !wasBlocked) {
    const text = `shard ${shard} is blocked: nothing succeeds, so nothing is given up${because}`;
    return [{ kind: 'blocked', tone: 'bad', shard, text }];
  }
  if (isWrong && !wasWrong)
    return [{ kind: 'failing', tone: 'warning', shard, text: `shard ${shard} fails${because}` }];
  if (wasWrong && !isWrong)
    return [{ kind: 'recovered', tone: 'good', shard, text: `shard ${shard} gets on again` }];
  return [];
}
