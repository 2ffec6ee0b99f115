import { type Fields, isObject, parseJson } from '../../lib/sources/cls/json.ts';

/** Of a body; integers beyond 2^53 are bigints. Undefined if it is no JSON object. */
export function parseObject(bytes: Uint8Array): Fields | undefined {
  try {
    const value = parseJson(new TextDecoder().decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
