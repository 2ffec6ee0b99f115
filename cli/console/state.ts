/** A group as the page shows it now, of what was seen. Pure. */
import type { Lag, ShardLag } from '../../lib/operations.ts';
import { type Look, totalOf } from '../look.ts';
import { plain } from '../text.ts';
import { waitText } from '../view.ts';
import type { Measured, ShardState, SlotState, State } from './feed.ts';

type Description = Look['description'];
type Consumer = Description['consumers'][number];
export type Shard = Description['shards'][number];

/** What the log service told, and when it was asked. */
export interface AskedLag {
  readonly lag: Lag;
  readonly at: number;
}

/** Times of the table become those of the clock that the look was made by. */
export const clockOf =
  ({ at, description }: Pick<Look, 'at' | 'description'>) =>
  (groupMs: number): number =>
    Math.round(groupMs + at - description.at);

const ownedBy = (shards: Description['shards'], slot: string): number =>
  shards.filter(({ owner, state }) => owner === slot && state !== 'done').length;

/** `asked`: the last answer of the log service, which is not asked at every look. */
export function stateOf(look: Look, asked: AskedLag | undefined): State {
  const { at, description, deadLetters, missing } = look;
  const { status, group, consumers, shards } = description;
  const told = new Map(asked?.lag.shards.map((shard) => [shard.shard, shard]));
  const shownShards = shards.map((shard) =>
    shardState(shard, asked === undefined ? shard : told.get(shard.shard), description),
  );
  return {
    at,
    status,
    ...(group !== undefined && { settings: settingsOf(group) }),
    slots: consumers.map((consumer) => slotState(consumer, shards, clockOf(look))),
    shards: shownShards,
    total: asked === undefined ? totalOfTable(shownShards) : measuredOf(totalOf(asked.lag)),
    ...(asked !== undefined && { lagAt: asked.at, unit: asked.lag.unit }),
    ...(deadLetters !== undefined && { deadLetters }),
    missing: missing.map(plain),
  };
}

function settingsOf({ settings }: NonNullable<Description['group']>): NonNullable<State['settings']> {
  const { stream, coordination, intervalMs, sessionTimeoutMs } = settings;
  return { stream: plain(stream), coordination, intervalMs, sessionTimeoutMs };
}

function slotState(
  { slot, live, busy, draining = false, scaledDown, tick, assigned = {}, ...times }: Consumer,
  shards: Description['shards'],
  toClock: (groupMs: number) => number,
): SlotState {
  return {
    slot,
    live,
    busy,
    // What leaves because fewer are wanted is nothing that anybody has to end.
    draining: draining && scaledDown !== true,
    heartbeatAt: toClock(times.heartbeatAt),
    expiresAt: toClock(times.expiresAt),
    busyUntil: toClock(times.busyUntil),
    ticks: tick,
    assigned: Object.keys(assigned).length,
    owned: ownedBy(shards, slot),
  };
}

function shardState(
  shard: Shard,
  lag: Partial<ShardLag> | undefined,
  { at }: Pick<Description, 'at'>,
): ShardState {
  const { owner, assignedTo, state, givenUpAt, paused = false, pending, waits, cursor, parents } = shard;
  const words = waitText(shard, at);
  return {
    shard: shard.shard,
    state: givenUpAt === undefined || state === 'done' ? state : 'givenUp',
    ...(owner !== undefined && { owner }),
    ...(assignedTo !== undefined && { assignedTo }),
    paused,
    failures: pending?.attempts ?? 0,
    ...(words !== undefined && { waits: plain(words) }),
    ...(waits !== undefined && { waitsFor: waits.for }),
    checkpoint: plain(cursor),
    parents,
    ...(state !== 'done' && measuredOf(lag ?? {})),
    ...(lag?.error !== undefined && { error: plain(lag.error) }),
  };
}

/** Without what is not known. */
function measuredOf({ positions, lagMs, leftMs }: Partial<ShardLag>): Measured {
  return {
    ...(positions !== undefined && { positions }),
    ...(lagMs !== undefined && { lagMs }),
    ...(leftMs !== undefined && { leftMs }),
  };
}

/** What the ticks have noted, where the log service is not asked. */
function totalOfTable(shards: readonly ShardState[]): Measured {
  const lags = shards.flatMap(({ lagMs }) => lagMs ?? []);
  return lags.length === 0 ? {} : { lagMs: Math.max(...lags) };
}
