import { type Bounds, createPlain, type Plain } from './plain.ts';
import { readField } from './plainError.ts';

/**
 * Structured events, one JSON object a line: CloudWatch indexes them, the local stack reads them. Fields may be anything; no
 * call throws, each writes one line of bounded size, and no line has a secret in it that could be known for one.
 */
export interface Logger {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same logger with `fields` on every line. */
  with(fields: Fields): Logger;
}

/** What an event says besides its name. */
export type Fields = Readonly<Record<string, unknown>>;
export type Level = 'debug' | 'info' | 'warn' | 'error';
/** From the least on. */
export const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** Of a line. CloudWatch takes four times as much. */
const LINE_BYTES_MAX = 64 * 1024;
/** More are no fields of an event, but somebody's data. */
const FIELDS_MAX = 200;
/** The second is for a line that is too long with the first: its characters fit even if each takes six bytes. */
const BOUNDS: readonly Bounds[] = [
  { values: 1_000, characters: 32_768, textCharacters: 8_192, entries: 100, depth: 8 },
  { values: 200, characters: 8_192, textCharacters: 1_024, entries: 20, depth: 4 },
];

/** Writes lines of at least `level` to `write`; an `error` field becomes its message, code, cause and stack. */
export function createLogger(options: {
  level: Level;
  write: (line: string) => void;
  now: () => number;
  fields?: Fields;
}): Logger {
  const emit = (level: Level, event: string, fields: Fields | undefined): void => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
    try {
      options.write(
        lineOf({ time: timeOf(options.now), level, event }, { ...options.fields, ...copyOf(fields) }),
      );
    } catch {
      // Whoever reads the lines is gone. That is no reason for a batch to fail.
    }
  };
  return loggerOf(emit, (fields) =>
    createLogger({ ...options, fields: { ...options.fields, ...copyOf(fields) } }),
  );
}

/** A logger of what writes one event. */
export const loggerOf = (
  emit: (level: Level, event: string, fields: Fields | undefined) => void,
  withFields: Logger['with'],
): Logger => ({
  debug: (event, fields) => emit('debug', event, fields),
  info: (event, fields) => emit('info', event, fields),
  warn: (event, fields) => emit('warn', event, fields),
  error: (event, fields) => emit('error', event, fields),
  with: withFields,
});

/** The fields as they are now, without one that cannot be read. */
export function copyOf(fields: Fields | undefined): Fields {
  try {
    if (fields === undefined || fields === null) return {};
    const names = Object.keys(fields).slice(0, FIELDS_MAX);
    return Object.fromEntries(names.map((name) => [name, readField(fields, name)]));
  } catch {
    return { fields: '(cannot be read)' };
  }
}

/** Plain, bounded and without secrets, for whoever writes them in another form. */
export const plainFields = (fields: Fields): { [field: string]: Plain } =>
  createPlain(BOUNDS[0]!)(fields, '') as { [field: string]: Plain };

function timeOf(now: () => number): string | null {
  const time = new Date(now());
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

function lineOf(head: Record<string, Plain>, fields: Fields): string {
  for (const bounds of BOUNDS) {
    const plain = createPlain(bounds);
    const line = JSON.stringify({ ...head, event: plain(head.event, ''), ...(plain(fields, '') as object) });
    if (line.length <= LINE_BYTES_MAX / 3 || Buffer.byteLength(line) <= LINE_BYTES_MAX) return line;
  }
  return JSON.stringify({ ...head, event: createPlain(BOUNDS[1]!)(head.event, ''), fields: '(too long)' });
}
