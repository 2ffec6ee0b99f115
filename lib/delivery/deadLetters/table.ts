import { StoreError } from '../../errors.ts';
import type { CallOptions, DeadLetterStore, LetterHead } from './deadLetters.ts';
import { kept, keptLetter } from './kept.ts';
import { letterKey, shardName } from './keys.ts';
import { packRecord, unpackRecord } from './letterText.ts';
import { createShelvedLetters, type Entry, type RedriveState, type Shelf } from './shelf.ts';
import {
  type Attributes,
  createLetterTable,
  type LetterTable,
  type LetterTableOptions,
} from './tableItems.ts';

export interface TableDeadLettersOptions extends LetterTableOptions {
  lettersMax: number;
  /** The table's time. */
  now: () => number;
}

/** DynamoDB takes 400 KB of names and values together. */
const ITEM_BYTES_MAX = 350_000;
const LETTERS = 'LETTER#';
const COUNTER = 'COUNT';
/** How long a counter that says that there is no room is believed. All letters are read to count them. */
const COUNTED_MS = 3_600_000;
/** Whoever took a place has put a letter there within this time, or never will. */
const SETTLED_MS = 300_000;

/**
 * Dead letters in the group's own table, an item each. A record that is too large for one is not in it.
 *
 * The counter is raised before an item is made, and lowered after one is removed, unless it was corrected since: whoever is interrupted
 * in between leaves it too high, and never too low. It is corrected now and then where it says that there is no room, and by whoever has
 * been through all letters.
 */
export function createTableDeadLetters(options: TableDeadLettersOptions): DeadLetterStore {
  const { lettersMax, now } = options;
  const items = createLetterTable(options);

  const shelf: Shelf<number> = {
    async add(letter, options) {
      const key = keyOfLetter(letter);
      const [bound, takenAt] = [{ lettersMax, now }, now()];
      if (!(await reserve(items, bound, options))) {
        if ((await items.get(key, ['id'], options)) !== undefined) return 'kept';
        const isRoom = await recount(items, bound, options);
        if (!isRoom || !(await reserve(items, bound, options))) return 'full';
      }
      const write = { set: itemOf(kept(letter)), condition: { absent: 'id' } } as const;
      if (!(await items.update(key, write, options))) await lower(items, takenAt, options);
      return 'kept';
    },
    async count(options) {
      return Math.max(0, Number((await items.get(COUNTER, ['letters'], options))?.letters ?? 0));
    },
    async *entries(shard, options) {
      const prefix = shard === undefined ? LETTERS : `${LETTERS}${shardName(shard)}/`;
      for await (const item of items.query(prefix, options)) yield entryOf(item);
    },
    async write(entry, state, options) {
      const { letter, version } = entry;
      const unset = STATE.filter((attribute) => state[attribute] === undefined);
      const set = { ...state, version: version + 1 };
      const condition = { equal: 'version', value: version } as const;
      const written = await items.update(keyOfLetter(letter), { set, unset, condition }, options);
      return written ? { letter: { ...letter, ...state }, version: version + 1 } : undefined;
    },
    async remove({ letter, version }, options) {
      const key = keyOfLetter(letter);
      const condition = { any: [{ absent: 'version' }, { equal: 'version', value: version }] } as const;
      const removedAt = now();
      const answer = await items.remove(key, condition, options);
      if (answer === 'removed') await lower(items, removedAt, options);
      return answer !== 'refused';
    },
    async removeWith({ letter, version }, along, options) {
      const condition = { equal: 'version', value: version } as const;
      const removedAt = now();
      const isRemoved = await items.removeWith(keyOfLetter(letter), { condition, along }, options);
      if (isRemoved) await lower(items, removedAt, options);
      return isRemoved;
    },
    async seenAll(options) {
      await ifPossible(async () => {
        const { letters, takenAt } = await counterOf(items, options);
        if (letters === undefined || letters === 0 || isWithin(SETTLED_MS, takenAt, now())) return;
        await correct(items, now, takenAt, options);
      });
    },
  };
  return createShelvedLetters(shelf, now);
}

/** All of them, also those that somebody has claimed, and what counts them. */
export async function removeLetters(options: LetterTableOptions, call: CallOptions): Promise<void> {
  const items = createLetterTable(options);
  for await (const item of items.query(LETTERS, call)) {
    await items.remove(keyOfLetter(entryOf(item).letter), { exists: 'id' }, call);
  }
  await items.remove(COUNTER, { exists: 'letters' }, call);
}

const keyOfLetter = ({ shard, id }: LetterHead): string => LETTERS + letterKey(shard, id);

const STATE = ['redrives', 'redrivenAt', 'redriveMessage', 'claimedUntil'] as const;

function itemOf({ record, ...rest }: Entry<number>['letter']): Attributes {
  const head = { ...rest, version: 1 };
  const packed = record && packRecord(record);
  const bytes = Buffer.byteLength(JSON.stringify(head)) + (packed?.length ?? 0);
  return bytes > ITEM_BYTES_MAX ? head : { ...head, record: packed };
}

function entryOf({ record, version, ...rest }: Attributes): Entry<number> {
  const { redrives, redrivenAt, redriveMessage, claimedUntil, ...head } = rest as unknown as LetterHead &
    RedriveState;
  const { recordId = undefined, functionVersion = undefined, ...others } = head;
  const known = record instanceof Uint8Array ? unpackRecord(record) : undefined;
  const state = { redrives, redrivenAt, redriveMessage, claimedUntil };
  return {
    letter: keptLetter({ ...others, recordId, functionVersion }, known, state),
    version: Number(version),
  };
}

type Bound = Pick<TableDeadLettersOptions, 'lettersMax' | 'now'>;

/** Takes a place, if there is one. */
function reserve(items: LetterTable, { lettersMax, now }: Bound, options: CallOptions): Promise<boolean> {
  const condition = { any: [{ absent: 'letters' }, { less: 'letters', value: lettersMax }] } as const;
  return items.update(COUNTER, { set: { takenAt: now() }, add: { letters: 1 }, condition }, options);
}

/** Gives a place back, unless the counter was corrected `since`: then it may be free already. */
async function lower(items: LetterTable, since: number, options: CallOptions): Promise<void> {
  const uncorrected = { any: [{ absent: 'countedAt' }, { less: 'countedAt', value: since }] } as const;
  const condition = { all: [{ exists: 'letters' }, uncorrected] } as const;
  await ifPossible(() => items.update(COUNTER, { add: { letters: -1 }, condition }, options));
}

/** What was done is done; a counter that is too high is corrected when it matters. */
async function ifPossible(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

/** Corrects a counter that says that there is no room, unless that was done lately. Answers whether there is some. */
async function recount(
  items: LetterTable,
  { lettersMax, now }: Bound,
  options: CallOptions,
): Promise<boolean> {
  const { letters, countedAt, takenAt } = await counterOf(items, options);
  if (letters === undefined) return true;
  // A place that was taken lately may have no letter yet, and would be counted as free.
  if (isWithin(COUNTED_MS, countedAt, now()) || isWithin(SETTLED_MS, takenAt, now()))
    return letters < lettersMax;
  return (await correct(items, now, takenAt, options)) < lettersMax;
}

interface Counter {
  letters?: number;
  countedAt?: number;
  takenAt?: number;
}

const counterOf = async (items: LetterTable, options: CallOptions): Promise<Counter> =>
  (await items.get(COUNTER, ['letters', 'countedAt', 'takenAt'], options)) ?? {};

/** Counts the letters, of which the last place was taken at that time. */
async function correct(
  items: LetterTable,
  now: () => number,
  takenAt: number | undefined,
  options: CallOptions,
): Promise<number> {
  const counted = await items.count(LETTERS, options);
  const set = { letters: counted, countedAt: now() };
  // What was taken meanwhile is in the counter already, and in the count perhaps not.
  const untaken =
    takenAt === undefined
      ? ({ absent: 'takenAt' } as const)
      : ({ equal: 'takenAt', value: takenAt } as const);
  await items.update(COUNTER, { set, condition: untaken }, options);
  return counted;
}

const isWithin = (durationMs: number, at: number | undefined, now: number): boolean =>
  at !== undefined && now - at < durationMs;
