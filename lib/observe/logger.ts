/** Structured events, one JSON object a line: CloudWatch indexes them, the local stack reads them. */
export interface Logger {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same logger with `fields` on every line. */
  with(fields: Fields): Logger;
}

export type Fields = Readonly<Record<string, unknown>>;
type Level = 'debug' | 'info' | 'warn' | 'error';
const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** Writes lines of at least `level` to `write`; an `error` field becomes its message, code and stack. */
export function createLogger(options: {
  level: Level;
  write: (line: string) => void;
  now: () => number;
  fields?: Fields;
}): Logger {
  const emit = (level: Level, event: string, fields: Fields | undefined): void => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
    const time = new Date(options.now()).toISOString();
    options.write(JSON.stringify({ time, level, event, ...options.fields, ...fields }, plainError));
  };
  return {
    debug: (event, fields) => emit('debug', event, fields),
    info: (event, fields) => emit('info', event, fields),
    warn: (event, fields) => emit('warn', event, fields),
    error: (event, fields) => emit('error', event, fields),
    with: (fields) => createLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

function plainError(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const { code, cause } = value as Error & { code?: unknown };
  return { name: value.name, message: value.message, code, cause, stack: value.stack };
}
