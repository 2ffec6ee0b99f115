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

/**
 * Dead letters in the group's own table, an item each. A record that is too large for one is not in it.
 *
 * The counter is raised before an item is made, and lowered after one is removed: whoever is interrupted in between leaves it too
 * high, and never too low. One that says that there is no room is corrected now and then.
 */
export function createTableDeadLetters(options: TableDeadLettersOptions): DeadLetterStore {
  const { lettersMax, now } = options;
  const items = createLetterTable(options);
  const itemKey = ({ shard, id }: LetterHead): string => LETTERS + letterKey(shard, id);

  const shelf: Shelf<number> = {
    async add(letter, options) {
      const key = itemKey(letter);
      if (!(await reserve(items, lettersMax, options))) {
        if ((await items.get(key, ['id'], options)) !== undefined) return 'kept';
        const isRoom = await recount(items, { lettersMax, now }, options);
        if (!isRoom || !(await reserve(items, lettersMax, options))) return 'full';
      }
      const write = { set: itemOf(kept(letter)), condition: { absent: 'id' } } as const;
      if (!(await items.update(key, write, options))) await lower(items, options);
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
      const written = await items.update(itemKey(letter), { set, unset, condition }, options);
      return written ? { letter: { ...letter, ...state }, version: version + 1 } : undefined;
    },
    async remove({ letter, version }, options) {
      const key = itemKey(letter);
      const condition = { any: [{ absent: 'version' }, { equal: 'version', value: version }] } as const;
      const answer = await items.remove(key, condition, options);
      if (answer === 'removed') await lower(items, options);
      return answer !== 'refused';
    },
  };
  return createShelvedLetters(shelf, now);
}

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

/** Takes a place, if there is one. */
function reserve(items: LetterTable, lettersMax: number, options: CallOptions): Promise<boolean> {
  const condition = { any: [{ absent: 'letters' }, { less: 'letters', value: lettersMax }] } as const;
  return items.update(COUNTER, { add: { letters: 1 }, condition }, options);
}

async function lower(items: LetterTable, options: CallOptions): Promise<void> {
  try {
    await items.update(COUNTER, { add: { letters: -1 }, condition: { exists: 'letters' } }, options);
  } catch (error) {
    // What was done is done; a counter that is too high is corrected when it matters.
    if (!(error instanceof StoreError)) throw error;
  }
}

/** Corrects a counter that says that there is no room, unless that was done lately. Answers whether there is some. */
async function recount(
  items: LetterTable,
  { lettersMax, now }: { lettersMax: number; now: () => number },
  options: CallOptions,
): Promise<boolean> {
  const { letters, countedAt } = (await items.get(COUNTER, ['letters', 'countedAt'], options)) ?? {};
  if (typeof letters !== 'number') return true;
  if (typeof countedAt === 'number' && now() - countedAt < COUNTED_MS) return letters < lettersMax;
  const counted = await items.count(LETTERS, options);
  const set = { letters: counted, countedAt: now() };
  // What came or went meanwhile is in the counter already, and in the count perhaps not.
  await items.update(COUNTER, { set, condition: { equal: 'letters', value: letters } }, options);
  return counted < lettersMax;
}
