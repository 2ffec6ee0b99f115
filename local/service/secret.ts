import { createHash, timingSafeEqual } from 'node:crypto';

/** Takes the same time wherever the two differ. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}

function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
