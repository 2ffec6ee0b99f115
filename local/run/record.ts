/** A record that the run puts into the stream, whichever service keeps it. */
export interface RunRecord {
  /** Milliseconds since 1970. */
  timeMs: number;
  fields: Readonly<Record<string, string | Uint8Array>>;
}

/** Field names of such a record: which line it is, and the line itself. */
export const LINE_FIELD = 'line';
export const CONTENT_FIELD = 'content';
