/** Rules of single variables of the environment. Each message is a remedy. */
import * as v from 'valibot';
import { SettingsError } from '../errors.ts';
import { PRINTABLE } from '../http/credentials.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const required = (remedy: string) =>
  v.pipe(v.string(`set it: ${remedy}`), v.nonEmpty(`set it: ${remedy}`));

export const name = (remedy: string) =>
  v.pipe(required(remedy), v.regex(/^[A-Za-z0-9][\w.-]{0,127}$/, 'use 1–128 letters, digits, - _ or .'));

/** `renamed`: what choices were called before, and are called now. */
export const oneOf = <const T extends readonly [string, ...string[]]>(
  choices: T,
  otherwise: T[number],
  renamed: Readonly<Record<string, T[number]>> = {},
) => {
  const remedy = ({ input }: { input: unknown }): string => {
    const now = typeof input === 'string' && Object.hasOwn(renamed, input) ? renamed[input] : undefined;
    return now === undefined ? `choose ${choices.join(' or ')}` : `it is called ${now} now`;
  };
  return v.optional(v.picklist(choices, remedy), otherwise as T[number]);
};

/** A part of a key, or a token. White space and line ends around it are gone already: see `parseEnvironment`. */
export const keyPart = () =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(PRINTABLE, 'copy it again: it has white space or a character that is no printable ASCII'),
    ),
  );

/** Name or ARN of what AWS keeps. */
export const storedName = (what: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[\w/+=.@:-]{1,2048}$/, `write the name or the ARN of ${what}, not what it holds`),
    ),
  );

/** A whole number from `least` to `most`, written in digits; `otherwise` unless it is set. */
export const count = (otherwise: number, most: number, least = 1) => {
  const remedy = `write a whole number from ${least} to ${most}`;
  return v.pipe(
    v.optional(v.string(), String(otherwise)),
    v.regex(/^[1-9]\d{0,9}$/, remedy),
    v.transform(Number),
    v.minValue(least, remedy),
    v.maxValue(most, remedy),
  );
};

/** What a list with commas names: in order, each once. Throws a SettingsError if a name does not fit or there are too many. */
export function namesOf(
  field: string,
  text: string,
  { pattern, most, remedy }: { pattern: RegExp; most: number; remedy: string },
): [string, ...string[]] {
  const [first, ...others] = [...new Set(text.split(',').map((entry) => entry.trim()))].sort();
  const names: [string, ...string[]] = [first!, ...others];
  if (names.length <= most && names.every((entry) => pattern.test(entry))) return names;
  throw new SettingsError(field, text, `write ${remedy}, at most ${most}, with commas between them`);
}

/** What a key may have been put into, by right or by mistake. */
const SECRET = /_(ACCESS_KEY_ID|SECRET|SECURITY_TOKEN|PARAMETER)$/;

/**
 * Checks the variables that the schema names. White space, line ends and a byte order mark around a value are left out: files and
 * pastes bring them. One that is set to nothing counts as not set: templates often leave it so.
 * Throws a SettingsError for the first that cannot be used; no secret gets into it.
 */
export function parseEnvironment<const S extends v.ObjectEntries>(
  schema: v.ObjectSchema<S, undefined>,
  environment: Environment,
): v.InferOutput<v.ObjectSchema<S, undefined>> {
  const fields = Object.keys(schema.entries);
  const present = Object.fromEntries(fields.map((field) => [field, environment[field]?.trim() || undefined]));
  const parsed = v.safeParse(schema, present);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue) ?? 'environment';
  const secret = SECRET.test(field) && issue.input !== undefined;
  throw new SettingsError(field, secret ? '(hidden)' : issue.input, issue.message);
}
