/**
 * Gives the memory of bytes back at once. V8 does so when it collects, counts it until then, and collects the sooner for it, which takes longer
 * than most of what is done with the bytes.
 *
 * Whoever still has a view of them has one of no bytes, so it is only for what is nobody else's. What may be a part of Node's pool, which has
 * nothing as large as half of it, stays.
 */
export function giveBack({ buffer, length }: Uint8Array): void {
  const isAlone = length === buffer.byteLength || length >= Buffer.poolSize / 2;
  if (length > 0 && isAlone && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
