/** The service is in China, and writes times as they are there; that it does is not documented. */
const OFFSET_MS = 8 * 3_600_000;

/** `2019-01-14 19:19:41` */
export function timeText(unixSec: number): string {
  return new Date(unixSec * 1000 + OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}
