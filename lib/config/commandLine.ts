import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { SettingsError } from '../errors.ts';
import { isSecretName } from '../observe/secretPatterns.ts';
import { keepSecret } from '../observe/secrets.ts';

/**
 * parseArgs in strict mode, with its errors as SettingsErrors that name the option. `positional` says what to do about a
 * word that is no option.
 */
export function parseOptions<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  positional: string,
) {
  const secrets = secretsIn(args);
  keepSecret(...secrets);
  try {
    return parseArgs({ args: [...args], options, strict: true, tokens: true });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    // They are told apart by code and, within one, only by message.
    const remedies = [
      { when: 'ERR_PARSE_ARGS_UNKNOWN_OPTION', remedy: 'there is no such option' },
      { when: 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL', remedy: positional },
      { when: 'does not take an argument', remedy: 'it takes no value' },
      { when: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE', remedy: 'it needs a value' },
    ];
    const remedy = remedies.find(({ when }) => `${code} ${message}`.includes(when))?.remedy;
    if (remedy === undefined) throw error;
    const named = /'([^' ]+)/.exec(message)?.[1];
    // A word beside a secret may be the rest of it, which a space cut off.
    const isHidden = remedy === positional && secrets.length > 0;
    throw new SettingsError('option', isHidden ? '(hidden)' : named, `${remedy}; see --help`);
  }
}

/** Behind every option whose name says that it is one, spelt right or not. */
function secretsIn(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    return name !== undefined && isSecretName(name) ? [value ?? args[index + 1] ?? ''] : [];
  });
}

export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
  throw new SettingsError(option, text, `write a whole number from ${least} to ${most}`);
}
