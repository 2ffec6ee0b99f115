/** What has happened between two looks at a group, each in a sentence. Pure. */
import { about, several } from '../amounts.ts';
import type { Look } from '../look.ts';
import { type Between, type Happening, isSameGroup } from './between.ts';
import { ofShards } from './shardHappenings.ts';
import { clockOf } from './state.ts';

type Description = Look['description'];
type Consumer = Description['consumers'][number];

export function happeningsBetween(between: Between): Happening[] {
  const { before, look } = between;
  const [earlier, now] = [before.description, look.description];
  const letters = ofLetters(before.deadLetters, look.deadLetters);
  if (!isSameGroup(earlier, now)) return [...ofNewGroup(earlier, now), ...letters];
  if (now.group === undefined) return letters;
  return [...ofGroup(earlier, now), ...ofSlots(between), ...ofShards(between), ...letters];
}

function ofNewGroup(before: Description, now: Description): Happening[] {
  const deleted = {
    kind: 'groupDeleted',
    tone: 'bad',
    text: 'the group was deleted, checkpoints and all',
  } as const;
  const made = { kind: 'groupMade', tone: 'info', text: 'the group was made by its first tick' } as const;
  return [...(before.group === undefined ? [] : [deleted]), ...(now.group === undefined ? [] : [made])];
}

function ofGroup(before: Description, now: Description): Happening[] {
  const [was, is] = [before.group?.paused === true, now.group?.paused === true];
  return [
    ...(is && !was ? [{ kind: 'paused', tone: 'warning', text: 'the group was paused' } as const] : []),
    ...(was && !is ? [{ kind: 'resumed', tone: 'good', text: 'the group was resumed' } as const] : []),
    ...(now.status === 'complete' && before.status !== 'complete'
      ? [{ kind: 'complete', tone: 'good', text: 'every shard has been read up to the end time' } as const]
      : []),
  ];
}

function ofSlots({ before, look }: Between): Happening[] {
  const earlier = new Map(before.description.consumers.map((consumer) => [consumer.slot, consumer]));
  const now = new Set(look.description.consumers.map(({ slot }) => slot));
  const removed = [...earlier.keys()].filter((slot) => !now.has(slot));
  const toClock = clockOf(look);
  return [
    ...look.description.consumers.flatMap((consumer) => {
      const was = earlier.get(consumer.slot);
      return was === undefined ? joined(consumer, toClock) : ofSlot(was, consumer, toClock);
    }),
    ...removed.map(
      (slot) => ({ kind: 'slotRemoved', tone: 'info', slot, text: `${slot} was removed` }) as const,
    ),
  ];
}

const joined = ({ slot, heartbeatAt }: Consumer, toClock: (ms: number) => number): Happening[] => [
  { kind: 'slotJoined', tone: 'good', slot, at: toClock(heartbeatAt), text: `${slot} has joined` },
];

function ofSlot(was: Consumer, is: Consumer, toClock: (ms: number) => number): Happening[] {
  const { slot, heartbeatAt, expiresAt } = is;
  const happened: Happening[] = [];
  if (was.live && !is.live) {
    const text = `${slot} is dead: no heartbeat for ${about(expiresAt - heartbeatAt)}`;
    happened.push({ kind: 'slotDied', tone: 'bad', slot, at: toClock(expiresAt), text });
  }
  if (!was.live && is.live) {
    happened.push({
      kind: 'slotReturned',
      tone: 'good',
      slot,
      at: toClock(heartbeatAt),
      text: `${slot} is back`,
    });
  }
  if (is.draining === true && was.draining !== true) {
    happened.push({
      kind: 'draining',
      tone: 'warning',
      slot,
      text: `${slot} is drained: it gives its shards away`,
    });
  }
  if (was.draining === true && is.draining !== true) {
    happened.push({ kind: 'undrained', tone: 'good', slot, text: `${slot} may have shards again` });
  }
  return happened;
}

function ofLetters(before: number | undefined, now: number | undefined): Happening[] {
  if (before === undefined || now === undefined || before === now) return [];
  if (now > before) {
    const text = `${several(now - before, 'record')} given up: ${several(now, 'dead letter')}`;
    return [{ kind: 'deadLettered', tone: 'bad', text }];
  }
  const text = `${several(before - now, 'dead letter')} redriven or dropped: ${now === 0 ? 'none is' : `${several(now, 'is', 'are')}`} left`;
  return [{ kind: 'lettersGone', tone: 'good', text }];
}
