/** What decompressors of the LZ77 kind do with memory. Callers have checked the bounds. */

/** Below this, a loop over bytes is faster than a call that copies memory. */
const COPY_CALL_MIN = 32;

export function copyLiterals(
  block: Uint8Array,
  from: number,
  raw: Uint8Array,
  to: number,
  count: number,
): void {
  if (count < COPY_CALL_MIN) for (let i = 0; i < count; i++) raw[to + i] = block[from + i]!;
  else raw.set(block.subarray(from, from + count), to);
}

/** A match may overlap what it produces: then it repeats its first `distance` bytes. */
export function copyMatch(raw: Uint8Array, to: number, distance: number, length: number): void {
  if (distance < length || length < COPY_CALL_MIN) {
    for (let i = to; i < to + length; i++) raw[i] = raw[i - distance]!;
  } else raw.copyWithin(to, to - distance, to - distance + length);
}
