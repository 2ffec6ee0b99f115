/** Settings that nobody reads: a misspelt one would otherwise be left out in silence. */
import { nearestOf } from '../nearest.ts';
import type { Environment } from './rules.ts';

export interface UnknownSetting {
  name: string;
  remedy: string;
}

const PREFIX = 'SHARDBEAT_';
/** More of them would only fill the log. */
const UNKNOWN_MAX = 20;
const NAME_CHARACTERS_MAX = 128;

/**
 * What is set in the environment, is called like a setting, and is not `known`. `elsewhere`: settings that are known where another
 * source is read. No value is in the answer.
 */
export function unknownSettings(
  environment: Environment,
  known: readonly string[],
  elsewhere: readonly string[],
): UnknownSetting[] {
  const unknown = Object.keys(environment)
    .filter((name) => name.toUpperCase().startsWith(PREFIX) && !known.includes(name))
    .filter((name) => (environment[name] ?? '').trim() !== '')
    .sort();
  return unknown.slice(0, UNKNOWN_MAX).map((name) => ({
    name: name.slice(0, NAME_CHARACTERS_MAX),
    remedy: remedyFor(name, known, elsewhere),
  }));
}

function remedyFor(name: string, known: readonly string[], elsewhere: readonly string[]): string {
  if (elsewhere.includes(name))
    return 'it is of another source than the one that is read: it is not looked at';
  const nearest = nearestOf(name.toUpperCase(), known);
  return nearest === undefined ? 'there is no such setting' : `there is no such setting; ${nearest} is one`;
}
