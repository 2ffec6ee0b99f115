/** What an operator says of dead letters. What cannot be understood might mean others than these, and there is no way back. */
import { SettingsError } from '../errors.ts';
import type { LetterFilter } from './deadLetters/deadLetters.ts';
import type { RedriveRequest } from './redrive.ts';

type Check = readonly [isUsable: (value: unknown) => boolean, remedy: string];

const TEXT: Check = [(value) => typeof value === 'string' && value !== '', 'write a text, or leave it out'];
const AGE: Check = [
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
  'write a number of milliseconds, or leave it out',
];
const COUNT: Check = [
  (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  'write a whole number from 1, or leave it out',
];
const TRUTH: Check = [(value) => typeof value === 'boolean', 'write true or false, or leave it out'];

const FILTER: Readonly<Record<keyof LetterFilter, Check>> = {
  id: TEXT,
  shard: TEXT,
  olderThanMs: AGE,
  youngerThanMs: AGE,
  error: TEXT,
};
const REQUEST: Readonly<Record<keyof RedriveRequest, Check>> = {
  ...FILTER,
  lettersMax: COUNT,
  dryRun: TRUTH,
};

/** Throws a SettingsError for what is no filter; `field` names it. */
export const checkFilter = (field: string, filter: LetterFilter): void => check(field, filter, FILTER);

/** The same of a redrive. */
export const checkRequest = (request: RedriveRequest): void => check('request', request, REQUEST);

/** Of all that there are, at least one must be said. */
export function checkChoice(filter: LetterFilter): void {
  checkFilter('which', filter);
  const names = Object.keys(FILTER) as (keyof LetterFilter)[];
  if (names.some((name) => filter[name] !== undefined)) return;
  throw new SettingsError('which', undefined, `write 'all', or which: by ${names.join(', ')}`);
}

function check(field: string, given: unknown, checks: Readonly<Record<string, Check>>): void {
  const names = Object.keys(checks).join(', ');
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new SettingsError(field, given, `write an object, with any of ${names}`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(checks, name)) {
      throw new SettingsError(`${field}.${name}`, value, `there is no such name: write any of ${names}`);
    }
    const [isUsable, remedy] = checks[name]!;
    if (value !== undefined && !isUsable(value)) throw new SettingsError(`${field}.${name}`, value, remedy);
  }
}
