/**
 * JSON in which integers stay what they are: offsets have 64 bits, of which a number holds 53. What is beyond is read as a
 * bigint; every bigint is written as a number.
 */

/** An object whose fields nobody has looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Of ECMAScript 2026, which Node 24 has and TypeScript's library does not yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Of 64 bits with a sign. To make a bigint of a million digits takes a second. */
const INTEGER_CHARACTERS_MAX = 20;
/**
 * Values of lists and objects. A group of 10,000 partitions is told in some 80,000; a pull of 10 MiB has at most as many
 * messages. Each is a call to `revive`, which takes ten times as long as to parse it.
 */
const VALUES_MAX = 500_000;

/**
 * Throws a SyntaxError for what is no JSON, and a RangeError for what has more values than any answer. An integer of more than
 * 64 bits is read as the number next to it.
 */
export function parseJson(text: string): unknown {
  if (hasMore(text, ',', VALUES_MAX)) throw new RangeError(`more than ${VALUES_MAX} values`);
  const value: unknown = JSON.parse(text);
  // Most texts have no number that has to be read again: megabytes of them are messages.
  return hasUnsafe(value) ? JSON.parse(text, revive) : value;
}

/** Whether a number is among them that may stand for another one. */
function hasUnsafe(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnsafe);
}

function revive(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return source.length <= INTEGER_CHARACTERS_MAX && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** Also counts what stands within texts: of those in question, base64 has none. */
function hasMore(text: string, character: string, most: number): boolean {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) {
    if (++found > most) return true;
  }
  return false;
}

export function formatJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'bigint' ? rawJSON(String(field)) : field,
  );
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An integer of up to 64 bits with a sign, as `parseJson` gives it; undefined for anything else. */
export function asInt64(value: unknown): bigint | undefined {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return undefined;
  const integer = BigInt(value as number | bigint);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}
