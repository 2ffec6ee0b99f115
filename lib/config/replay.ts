/** What an operator sends to have a range of the past read again: `{ "operate": { "replay": { "begin": … } } }`. */
import { SettingsError } from '../errors.ts';

/** Which replay it is, and what it reads: what the service received from `from` on, before `to`. Milliseconds since 1970. */
export interface ReplayRange {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  /** Of these shards only. */
  readonly shards?: readonly string[] | undefined;
}

export interface BeginReplay extends ReplayRange {
  /** How many runs there are at a time. */
  readonly slots: number;
  /** Only tells what would be read. */
  readonly dryRun?: boolean | undefined;
}

export interface ReplayTurn extends ReplayRange {
  readonly slot: string;
  /** By shard, where the range ends in it. */
  readonly ends: Readonly<Record<string, string>>;
}

/** The first call of a replay, and each of those that follow. */
export type ReplayEvent = { begin: BeginReplay } | { turn: ReplayTurn };

export const REPLAY_SLOTS_MAX = 100;
const ID = /^[a-z0-9]{4,32}$/;

/** The id is in it: a run of another replay finds no slot. */
export const replaySlot = (id: string, index: number): string => `${id}-${index}`;
export const isSlotOf = (id: string, slot: string): boolean => slot.startsWith(`${id}-`);

/** Throws a SettingsError for what cannot be understood: another range than the one that is meant must not be read. */
export function readReplay(value: Record<string, unknown>): ReplayEvent {
  const [name, ...more] = Object.keys(value);
  const request = value[name ?? ''];
  if (more.length > 0 || (name !== 'begin' && name !== 'turn') || !isObject(request)) {
    throw refused('', value, 'write {"begin": …} or {"turn": …}, as this version’s command line does');
  }
  const { id, from, to, slots, shards, dryRun, slot, ends, ...others } = request;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused(`.${name}`, unknown, 'there is no such field');
  if (typeof id !== 'string' || !ID.test(id))
    throw refused('.id', id, 'write 4 to 32 small letters and digits');
  if (!isTime(from)) throw refused('.from', from, 'write milliseconds since 1970');
  if (!isTime(to) || to <= from) throw refused('.to', to, 'write milliseconds since 1970, after from');
  if (shards !== undefined && !(Array.isArray(shards) && shards.length > 0 && shards.every(isText))) {
    throw refused('.shards', shards, 'write a list of ids, or leave it out');
  }
  const range = { id, from, to, ...(shards !== undefined && { shards: shards as string[] }) };
  if (name === 'turn') {
    if (typeof slot !== 'string' || !isSlotOf(id, slot)) {
      throw refused('.slot', slot, 'name one of the replay');
    }
    if (!isObject(ends) || !Object.values(ends).every(isText)) {
      throw refused('.ends', ends, 'give a cursor for each shard');
    }
    return { turn: { ...range, slot, ends: ends as Record<string, string> } };
  }
  if (typeof slots !== 'number' || !Number.isInteger(slots) || slots < 1 || slots > REPLAY_SLOTS_MAX) {
    throw refused('.slots', slots, `write a whole number from 1 to ${REPLAY_SLOTS_MAX}`);
  }
  if (dryRun !== undefined && typeof dryRun !== 'boolean') {
    throw refused('.dryRun', dryRun, 'write true or false, or leave it out');
  }
  return { begin: { ...range, slots, ...(dryRun && { dryRun }) } };
}

const refused = (field: string, value: unknown, remedy: string): SettingsError =>
  new SettingsError(`event.operate.replay${field}`, value, remedy);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
