/** Positions as they are written: `begin`, `end`, or a time. */
import { SettingsError } from '../errors.ts';
import { parseInstant } from '../instant.ts';
import type { Position } from '../sources/source.ts';

/** Throws a SettingsError that names the field. */
export function parsePosition(field: string, text: string): Position {
  if (text === 'begin' || text === 'end') return { at: text };
  return { at: 'time', unixMs: parseTime(field, text, 'begin, end, ') };
}

/** ISO 8601 with a zone, or Unix seconds; milliseconds since 1970. `others`: what may be written in its place. */
export function parseTime(field: string, text: string, others = ''): number {
  const unixMs = /^[1-9]\d{8,9}$/.test(text) ? Number(text) * 1_000 : parseInstant(text);
  if (unixMs !== undefined && unixMs >= 0) return unixMs;
  const remedy = `write ${others}2026-01-31T12:00:00Z or Unix seconds, of a day that is in the calendar`;
  throw new SettingsError(field, text, remedy);
}

/** As `parsePosition` reads it. */
export function formatPosition(position: Position): string {
  return position.at === 'time' ? new Date(position.unixMs).toISOString() : position.at;
}
