/**
 * The hash key space of a logstore: all MD5 values, as 128-bit integers. A shard owns `[begin, end)`.
 *
 * The service writes the end of the whole space as `ff…f`, which is inside it: a range that ends there includes it.
 */
export interface KeyRange {
  readonly begin: bigint;
  readonly end: bigint;
}

const LAST_KEY = (1n << 128n) - 1n;
const KEY_DIGITS = 32;

export const WHOLE_KEYSPACE: KeyRange = { begin: 0n, end: LAST_KEY };

/** 32 hex digits, as in `inclusiveBeginKey`. */
export function formatKey(key: bigint): string {
  return key.toString(16).padStart(KEY_DIGITS, '0');
}

/**
 * A key of 1 to 32 hex digits in either case; undefined if it is none. A short key stands for the smallest full one
 * that starts with it, which is how keys compare as text (the Java SDK's tests route by `a`).
 */
export function parseKey(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{1,32}$/.test(text) ? BigInt(`0x${text.padEnd(KEY_DIGITS, '0')}`) : undefined;
}

export function containsKey(range: KeyRange, key: bigint): boolean {
  return key >= range.begin && (key < range.end || range.end === LAST_KEY);
}

/** Cuts a range into `count` ranges of equal size, give or take one key. */
export function divideRange(range: KeyRange, count: number): KeyRange[] {
  const size = range.end - range.begin + (range.end === LAST_KEY ? 1n : 0n);
  const boundary = (index: number): bigint =>
    index === count ? range.end : range.begin + (size * BigInt(index)) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    begin: boundary(index),
    end: boundary(index + 1),
  }));
}

/** Cuts a range in two at `key`; undefined if one of the two would be empty. */
export function splitRange(range: KeyRange, key: bigint): KeyRange[] | undefined {
  if (key <= range.begin || key >= range.end) return undefined;
  return [
    { begin: range.begin, end: key },
    { begin: key, end: range.end },
  ];
}
