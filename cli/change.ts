/** What commands that change something have in common: they say what would change, and ask before what cannot be undone. */
import { SettingsError } from '../lib/errors.ts';
import { TARGET_OPTIONS } from './target.ts';
import type { World } from './world.ts';

export const CHANGE_OPTIONS = {
  'dry-run': { type: 'boolean', default: false, help: 'only say what would change' },
  json: { type: 'boolean', default: false, help: 'as JSON, for programs' },
  ...TARGET_OPTIONS,
} as const;

/** Of those that ask. */
export const ASKING_OPTIONS = {
  yes: { type: 'boolean', short: 'y', default: false, help: 'do not ask, for scripts' },
  ...CHANGE_OPTIONS,
} as const;

/** The answer is no, whatever the command: the group does not let it happen, or whoever was asked does not want it. */
export const EXIT_NO = 3;

/**
 * Whether a person agrees to what was said before. `answer`: what has to be typed; `yes` unless set. Throws a SettingsError where nobody
 * can be asked.
 */
export async function agreed(
  world: World,
  { yes }: { readonly yes: boolean },
  question: string,
  answer = 'yes',
): Promise<boolean> {
  if (yes) return true;
  const typed = await world.ask(`${question} Type ${answer} to go on: `);
  if (typed === undefined) {
    const remedy = 'nobody can be asked here: give it to go on, or --dry-run to see what would change';
    throw new SettingsError('--yes', undefined, remedy);
  }
  if (typed.trim() === answer) return true;
  world.say('nothing was changed');
  return false;
}
