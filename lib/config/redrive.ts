/** The event that has dead letters given once more: `{ "redrive": {} }`. */
import { AGE_MS_MAX, parseDuration } from '../duration.ts';
import { SettingsError } from '../errors.ts';

/** What a schedule, or an operator, sends to have dead letters given to the user's function once more; all, unless something is said. */
export interface RedriveEvent {
  redrive: {
    id?: string;
    shard?: string;
    /** Given up longer ago than that: a duration such as `1h` or `7d`. */
    olderThan?: string;
    /** Given up no longer ago than that. */
    youngerThan?: string;
    /** In what was thrown last; capital letters do not matter. */
    error?: string;
    /** No more than so many. */
    lettersMax?: number;
    /** Only counts them. */
    dryRun?: boolean;
  };
}

export interface RedriveSettings {
  id?: string | undefined;
  shard?: string | undefined;
  olderThanMs?: number | undefined;
  youngerThanMs?: number | undefined;
  error?: string | undefined;
  lettersMax?: number | undefined;
  dryRun?: boolean | undefined;
}

const NAMES = ['id', 'shard', 'olderThan', 'youngerThan', 'error', 'lettersMax', 'dryRun'];

/** Undefined for the event of a tick. Throws a SettingsError for one that cannot be understood: it might mean other letters. */
export function readRedrive(event: unknown): RedriveSettings | undefined {
  if (typeof event !== 'object' || event === null || !('redrive' in event)) return undefined;
  const { redrive, ...others } = event as Record<string, unknown>;
  if ('slot' in others) {
    throw refused('slot', others.slot, 'leave it out: a redrive is of no slot');
  }
  if (typeof redrive !== 'object' || redrive === null || Array.isArray(redrive)) {
    throw refused('redrive', redrive, 'write {"redrive": {}} for all dead letters');
  }
  const given = redrive as Record<string, unknown>;
  const unknown = Object.keys(given).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw refused('redrive', unknown, `there is no such filter: it has ${NAMES.join(', ')}`);
  }
  return {
    id: textOf(given, 'id'),
    shard: textOf(given, 'shard'),
    olderThanMs: durationOf(given, 'olderThan'),
    youngerThanMs: durationOf(given, 'youngerThan'),
    error: textOf(given, 'error'),
    lettersMax: countOf(given, 'lettersMax'),
    dryRun: truthOf(given, 'dryRun'),
  };
}

type Given = Record<string, unknown>;

const refused = (field: string, value: unknown, remedy: string): SettingsError =>
  new SettingsError(`event.${field}`, value, remedy);

function textOf(given: Given, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw refused(`redrive.${name}`, value, 'write a text, or leave it out');
}

function durationOf(given: Given, name: string): number | undefined {
  const text = textOf(given, name);
  return text === undefined ? undefined : parseDuration(`event.redrive.${name}`, text, AGE_MS_MAX);
}

function countOf(given: Given, name: string): number | undefined {
  const value = given[name];
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= 1)) return value as number;
  throw refused(`redrive.${name}`, value, 'write a whole number from 1, or leave it out');
}

function truthOf(given: Given, name: string): boolean | undefined {
  const value = given[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw refused(`redrive.${name}`, value, 'write true or false, or leave it out');
}
