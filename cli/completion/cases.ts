/** The branches of a `case` that bash and zsh have in common. */
import type { CompletedCommand } from './model.ts';

/** Which command what was typed begins with. */
export const commandCases = (commands: readonly CompletedCommand[]): string =>
  namesOf(commands)
    .map((name) => `    '${name} '*) command='${name}' ;;`)
    .join('\n');

/** What comes after an option that takes something, by the shell's own command for that. */
export const valueCases = (
  commands: readonly CompletedCommand[],
  offer: (takes: 'file' | readonly string[]) => string,
): string =>
  commands
    .flatMap(({ name, options }) =>
      options.flatMap(({ value, takes }) => {
        if (takes === 'nothing') return [];
        const found = takes === 'text' ? '' : `${offer(takes)}; `;
        return [`    '${name}|${value}') ${found}return ;;`];
      }),
    )
    .join('\n');

/** Of those that are told from others by their name. */
export const namesOf = (commands: readonly CompletedCommand[]): string[] =>
  commands.map(({ name }) => name).filter((name) => name !== '');
