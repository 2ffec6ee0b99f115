const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface LineLimits {
  /** Longest line, without its line end. */
  bytesMax: number;
  /** Read on to the end of a line that is too long, to tell its size; not for input that may never end. */
  measure: boolean;
}

/** A line longer than the limit. `line` counts from 1; `bytes` is its size, or what of it was read if not `exact`. */
export class LineTooLong extends Error {
  readonly line: number;
  readonly bytes: number;
  readonly exact: boolean;

  constructor(line: number, bytes: number, exact: boolean) {
    super(`line ${line} is too long`);
    this.line = line;
    this.bytes = bytes;
    this.exact = exact;
  }
}

/**
 * Splits a stream of bytes at line feeds. One carriage return before a line feed, or at the very end, belongs to the line's
 * end; every other byte is kept as it is. Empty lines count, and so does a last line without line feed. Holds one chunk and
 * one line at a time.
 *
 * @returns the lines that each chunk ended, as views where a chunk holds the whole line
 * @throws LineTooLong
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  { bytesMax, measure }: LineLimits,
): AsyncGenerator<Uint8Array[]> {
  let parts: Uint8Array[] = [];
  let partsBytes = 0;
  let lineNumber = 1;

  const finish = (end: Uint8Array): Uint8Array => {
    const whole = parts.length === 0 ? end : Buffer.concat([...parts, end]);
    const bytes = partsBytes + end.length;
    const returned = whole.at(-1) === CARRIAGE_RETURN ? 1 : 0;
    if (bytes - returned > bytesMax) throw new LineTooLong(lineNumber, bytes - returned, true);
    parts = [];
    partsBytes = 0;
    lineNumber += 1;
    return whole.subarray(0, whole.length - returned);
  };

  for await (const chunk of chunks) {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push(finish(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (lines.length > 0) yield lines;
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    partsBytes += chunk.length - start;
    // One byte more than the limit may still be the carriage return of a line that just fits.
    if (partsBytes <= bytesMax + 1) continue;
    if (!measure) throw new LineTooLong(lineNumber, partsBytes, false);
    // From here on only its size matters, and whether it ends in a carriage return.
    parts = [chunk.subarray(-1)];
  }
  if (partsBytes > 0) yield [finish(new Uint8Array(0))];
}
