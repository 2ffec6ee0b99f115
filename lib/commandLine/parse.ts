import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { AGE_MS_MAX, parseDuration } from '../duration.ts';
import { SettingsError } from '../errors.ts';
import { nearestOf } from '../nearest.ts';
import { isSecretName } from '../observe/secretPatterns.ts';
import { keepSecret } from '../observe/secrets.ts';
import { type CommandText, HELP_OPTION, type Options, type Values, type WordSpec } from './command.ts';

/** What was given to a command. */
export interface Parsed<O extends Options> {
  readonly options: Values<O>;
  /** In the order of the command's words; an optional one may be missing. */
  readonly words: readonly string[];
}

/** Reads what follows the command's name; 'help' if that is what was asked for. Throws a SettingsError for what cannot be used. */
export function parseCommand<const O extends Options>(
  { name, words = [], options }: CommandText<O>,
  args: readonly string[],
): Parsed<O> | 'help' {
  const usage = ['shardbeat', name, ...words.map(({ name, optional }) => (optional ? `[${name}]` : name))];
  const positional = words.length === 0 ? 'it takes options only' : `write ${usage.join(' ')}`;
  const config: ParseArgsOptionsConfig = { ...mutable(options), help: HELP_OPTION };
  const { values, positionals } = parseOptions(args, config, positional, words.length);
  if (values.help) return 'help';
  const missing: WordSpec | undefined = words[positionals.length];
  if (missing !== undefined && !missing.optional) {
    throw new SettingsError(missing.name, undefined, `${positional}: ${missing.help}`);
  }
  for (const [option, { choices }] of Object.entries(options)) {
    checkChoice(`--${option}`, values[option], choices);
  }
  for (const [index, { name, choices }] of words.entries()) checkChoice(name, positionals[index], choices);
  return { options: values as Values<O>, words: positionals };
}

const mutable = (options: Options): ParseArgsOptionsConfig => ({ ...options });

function checkChoice(field: string, value: unknown, choices: readonly string[] | undefined): void {
  if (value === undefined || choices === undefined || choices.includes(String(value))) return;
  throw new SettingsError(field, value, `choose ${choices.join(' or ')}`);
}

/**
 * parseArgs in strict mode, with its errors as SettingsErrors that name the option. `positional` says what to do about a
 * word that is no option, of which there may be as many as `wordsMax`.
 */
export function parseOptions<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  positional: string,
  wordsMax = 0,
) {
  const secrets = secretsIn(args);
  keepSecret(...secrets);
  // A word beside a secret may be the rest of it, which a space cut off.
  const refused = (word: string | undefined): SettingsError =>
    new SettingsError('option', secrets.length > 0 ? '(hidden)' : word, `${positional}; see --help`);
  try {
    const parsed = parseArgs({
      args: [...args],
      options,
      strict: true,
      tokens: true,
      allowPositionals: wordsMax > 0,
    });
    const extra = parsed.positionals[wordsMax];
    if (extra !== undefined) throw refused(extra);
    return parsed;
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    const { code, message } = error as Error & { code?: string };
    const named = /'([^' ]+)/.exec(message)?.[1];
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') throw refused(named);
    const remedy = remedyFor(`${code} ${message}`, named ?? '', Object.keys(options));
    if (remedy === undefined) throw error;
    throw new SettingsError('option', named, `${remedy}; see --help`);
  }
}

/** They are told apart by code and, within one, only by message. */
function remedyFor(what: string, named: string, known: readonly string[]): string | undefined {
  if (what.includes('ERR_PARSE_ARGS_UNKNOWN_OPTION')) {
    const nearest = nearestOf(named.replace(/^--?/, ''), known.filter(isWord));
    return named.startsWith('--') && nearest !== undefined
      ? `there is no such option; --${nearest} is one`
      : 'there is no such option';
  }
  if (what.includes('does not take an argument')) return 'it takes no value';
  return what.includes('ERR_PARSE_ARGS_INVALID_OPTION_VALUE') ? 'it needs a value' : undefined;
}

/** Short words are near to anything. */
const isWord = (name: string): boolean => name.length > 4;

/** Behind every option whose name says that it is one, spelt right or not. */
function secretsIn(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    return name !== undefined && isSecretName(name) ? [value ?? args[index + 1] ?? ''] : [];
  });
}

/** A time that has passed or is left; undefined where none is given. */
export const parseAge = (option: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseDuration(option, text, AGE_MS_MAX);

const PORT_MAX = 65_535;

/** 0: any free one. */
export const portNumber = (option: string, text: string): number => wholeNumber(option, text, 0, PORT_MAX);

export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
  throw new SettingsError(option, text, `write a whole number from ${least} to ${most}`);
}
