/** What lasts in a group at one time, as bars of the timeline: of each shard who has it and what holds it up, of each slot its session. Pure. */

import { moment } from '../amounts.ts';
import type { Look } from '../look.ts';
import { plain } from '../text.ts';
import { waitText } from '../view.ts';
import type { Row, Span } from './feed.ts';
import type { Overlap } from './overlap.ts';
import { clockOf, type Shard } from './state.ts';

/** A bar that lasts. */
export interface Standing extends Omit<Span, 'id' | 'from' | 'until'> {
  /** Of two in a row that are about the same, one takes the other's place without a gap. */
  readonly about: string;
  /** When it began, as far as the table tells; it is taken to be between two looks. */
  readonly since?: number | undefined;
}

type Consumers = ReadonlyMap<string, Look['description']['consumers'][number]>;

/** Everything that lasts when it was looked. */
export function standingOf(look: Look, overlaps: ReadonlyMap<string, Overlap>): Standing[] {
  const { group, consumers, shards } = look.description;
  if (group === undefined) return [];
  const bySlot: Consumers = new Map(consumers.map((consumer) => [consumer.slot, consumer]));
  const toClock = clockOf(look);
  return [
    ...consumers.flatMap((consumer) => ofSlot(consumer, toClock)),
    ...shards.flatMap((shard) => [
      {
        row: { shard: shard.shard },
        about: 'whose',
        ...whose(shard, bySlot, group.settings.coordination, toClock),
      },
      ...holdingUp(shard, group.paused, look.description.at),
      ...overlapping(shard.shard, overlaps.get(shard.shard)),
    ]),
  ];
}

function ofSlot(
  { slot, live, draining, heartbeatAt, expiresAt }: Look['description']['consumers'][number],
  toClock: (groupMs: number) => number,
): Standing[] {
  const row: Row = { slot };
  const session: Standing = live
    ? { row, about: 'session', kind: 'session', since: toClock(heartbeatAt) }
    : {
        row,
        about: 'session',
        kind: 'dead',
        since: toClock(expiresAt),
        why: `no heartbeat since ${moment(toClock(heartbeatAt))}`,
      };
  return draining ? [session, { row, about: 'draining', kind: 'draining' }] : [session];
}

type Whose = Pick<Standing, 'kind' | 'slot' | 'why' | 'since'>;

function whose(
  { owner, assignedTo, state, waits }: Shard,
  consumers: Consumers,
  coordination: 'own' | 'service',
  toClock: (groupMs: number) => number,
): Whose {
  if (state === 'done') return { kind: 'done' };
  if (owner === undefined) return { kind: 'unowned', why: 'nobody has claimed it yet' };
  const consumer = consumers.get(owner);
  if (consumer === undefined) return { kind: 'unowned', why: `${owner}, which had it, was removed` };
  if (!consumer.live) {
    return { kind: 'unowned', since: toClock(consumer.expiresAt), why: `${owner}, which had it, is dead` };
  }
  if (coordination === 'service' && assignedTo === undefined) {
    return {
      kind: 'unowned',
      why: 'no slot here has it from the log service: another consumer of its group may',
    };
  }
  // Its owner is known to have stopped, and the next one has not begun.
  if (waits?.for === 'claim') {
    return { kind: 'unowned', why: `${waits.slot} claims it in its next tick` };
  }
  return { kind: 'owned', slot: owner, since: toClock(consumer.heartbeatAt) };
}

function holdingUp(shard: Shard, isGroupPaused: boolean, now: number): Standing[] {
  const { state, assignedTo, paused, givenUpAt, pending, waits } = shard;
  if (state === 'done') return [];
  const row: Row = { shard: shard.shard };
  const why = plain(waitText(shard, now) ?? '');
  const bar = (kind: Span['kind'], more: Partial<Standing> = {}): Standing => ({
    row,
    about: kind,
    kind,
    ...more,
  });
  const message = pending?.message === undefined ? {} : { why: plain(pending.message) };
  return [
    ...(isGroupPaused || paused
      ? [bar('paused', { why: isGroupPaused ? 'the group is paused' : 'it is paused' })]
      : []),
    ...(givenUpAt === undefined
      ? []
      : [bar('unlisted', { why: 'the log service does not list it any more' })]),
    ...(waits?.for === 'parents' ? [bar('parents', { why })] : []),
    ...(waits?.for === 'handOff'
      ? [
          bar('handOff', {
            ...(assignedTo !== undefined && { slot: assignedTo }),
            why: `${waits.slot} has yet to give it up`,
          }),
        ]
      : []),
    ...(pending?.block === undefined
      ? isFailing(shard)
        ? [bar('failing', message)]
        : []
      : [bar('blocked', message)]),
  ];
}

/** Something of what comes next has failed and is tried again. */
export const isFailing = ({ pending }: Pick<Shard, 'pending'>): boolean =>
  pending !== undefined && (pending.attempts > 0 || pending.message !== undefined);

const overlapping = (shard: string, overlap: Overlap | undefined): Standing[] =>
  overlap === undefined
    ? []
    : [
        {
          row: { shard },
          about: 'overlap',
          kind: 'overlap',
          slot: overlap.slot,
          since: overlap.from,
          why: `a run of ${overlap.slot}, which had it before, may be at work until its deadline`,
        },
      ];
