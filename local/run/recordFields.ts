/** Field names of a record that the run produced: which line it is, and the line itself. */
export const LINE_FIELD = 'line';
export const CONTENT_FIELD = 'content';
