/**
 * JSON in which integers stay what they are: offsets have 64 bits, of which a number holds 53. What is beyond is read as a
 * bigint; every bigint is written as a number.
 */

/** An object whose fields nobody has looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Of ECMAScript 2026, which Node 24 has and TypeScript's library does not yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Throws a SyntaxError for what is no JSON. */
export function parseJson(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && isInteger64(context?.source ?? '')
      ? BigInt(context!.source!)
      : value;
  return JSON.parse(text, revive);
}

/** No integer of 64 bits has more than 20 characters; reading one of millions would take seconds. */
const isInteger64 = (text: string): boolean => text.length <= 20 && /^-?\d+$/.test(text);

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
