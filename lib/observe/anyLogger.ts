import { copyOf, type Fields, LEVELS, type Level, type Logger, loggerOf, plainFields } from './logger.ts';

/**
 * A logger of the user's: Powertools, winston, `console`, or anything else that takes a message and then an object. What it writes, where,
 * and from which level on, is its own affair.
 */
export interface AnyLogger {
  debug(message: string, fields: Record<string, unknown>): unknown;
  info(message: string, fields: Record<string, unknown>): unknown;
  warn(message: string, fields: Record<string, unknown>): unknown;
  error(message: string, fields: Record<string, unknown>): unknown;
}

/** For whoever refuses what is none. */
export const LOGGER_REMEDY = 'give an object with the functions debug, info, warn and error';

export const isLogger = (value: unknown): value is AnyLogger =>
  value !== null &&
  value !== undefined &&
  LEVELS.every((level) => typeof (value as Record<string, unknown>)[level] === 'function');

/**
 * Our events in a logger of the user's: the event is the message, and stands among the fields, too. They are plain, bounded and without
 * secrets, as in ours. `text` is what we call `message`, which is taken.
 */
export function asLogger(logger: AnyLogger, common: Fields = {}): Logger {
  const emit = (level: Level, event: string, fields: Fields | undefined): void => {
    try {
      const { message, ...rest } = plainFields({ ...common, ...copyOf(fields) });
      logger[level](event, { event, ...rest, ...(message !== undefined && { text: message }) });
    } catch {
      // Whoever writes the lines has failed. That is no reason for a batch to fail.
    }
  };
  return loggerOf(emit, (fields) => asLogger(logger, { ...common, ...copyOf(fields) }));
}
