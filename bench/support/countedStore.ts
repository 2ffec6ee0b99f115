/**
 * A group in memory that counts what DynamoDB would bill for it. A test compares its counts with those of the embedded service, which
 * answers the same requests some ten times as slowly.
 */
import type { ItemKey } from '../../lib/group/items.ts';
import type { GroupStore, Written } from '../../lib/group/store.ts';
import { createMemoryStore, type MemoryTable } from '../../lib/group/stores/memory.ts';

export interface Units {
  writeUnits: number;
  readUnits: number;
  requests: number;
}

export interface CountedStore {
  store: GroupStore;
  /** Of all requests so far. */
  usage(): Units;
}

const WRITE_BYTES = 1_024;
const READ_BYTES = 4_096;
/** A query answers as much at once. */
const PAGE_BYTES = 1_024 * 1_024;

export function createCountedStore(group: string): CountedStore {
  const table: MemoryTable = new Map();
  const memory = createMemoryStore(table, group);
  const total: Units = { writeUnits: 0, readUnits: 0, requests: 0 };
  const items = () => table.get(group) ?? new Map<ItemKey, object>();
  const bytesOf = (key: ItemKey): number => {
    const item = items().get(key);
    return item === undefined ? 0 : itemBytes({ pk: group, sk: key, ...item });
  };
  const wrote = (bytes: number): void => {
    total.requests += 1;
    total.writeUnits += units(bytes, WRITE_BYTES);
  };
  const read = (bytes: number, consistent: boolean): void => {
    total.requests += Math.max(1, Math.ceil(bytes / PAGE_BYTES));
    total.readUnits += units(bytes, READ_BYTES) / (consistent ? 1 : 2);
  };
  const store: GroupStore = {
    async get(key, options) {
      read(bytesOf(key), options.consistent);
      return memory.get(key, options);
    },
    async readAll(options) {
      read(
        [...items().keys()].reduce((sum, key) => sum + bytesOf(key), 0),
        options.consistent,
      );
      return memory.readAll(options);
    },
    async update(key, write, options) {
      const before = bytesOf(key);
      const written = await memory.update(key, write, options);
      // A refused condition is billed like the smallest write.
      wrote(written.accepted ? Math.max(before, bytesOf(key)) : 0);
      return written as Written<never>;
    },
    async remove(key, condition, options) {
      const before = bytesOf(key);
      const isRemoved = await memory.remove(key, condition, options);
      wrote(isRemoved ? before : 0);
      return isRemoved;
    },
  };
  return { store, usage: () => ({ ...total }) };
}

const units = (bytes: number, bytesPerUnit: number): number => Math.max(1, Math.ceil(bytes / bytesPerUnit));

/** As DynamoDB weighs an item: names and values, and some bytes around them. */
function itemBytes(attributes: object): number {
  return Object.entries(attributes).reduce(
    (sum, [name, value]) => sum + (value === undefined ? 0 : Buffer.byteLength(name) + valueBytes(value)),
    0,
  );
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return numberBytes(value);
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + 1 + valueBytes(item), 3);
  if (typeof value === 'object' && value !== null) {
    return 3 + Object.keys(value).length + itemBytes(value);
  }
  return 1;
}

/** A byte for two decimal digits, each at its place of a hundred, and one more. */
function numberBytes(value: number): number {
  const [mantissa = '', exponent] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '').length;
  const isShifted = digits % 2 === 0 && Number(exponent) % 2 === 0;
  return value === 0 ? 1 : 1 + Math.ceil(digits / 2) + (isShifted ? 1 : 0) + (value < 0 ? 1 : 0);
}
