import type { CompletedCommand } from './model.ts';

/** Nothing that was typed is evaluated, and no package of helpers is needed. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap(({ value, takes }) => {
      const pattern = `'${name}|${value}'`;
      if (takes === 'nothing') return [];
      if (takes === 'text') return [`    ${pattern}) return ;;`];
      const list = takes === 'file' ? '-f' : `-W '${takes.join(' ')}'`;
      return [`    ${pattern}) COMPREPLY=( $(compgen ${list} -- "$current") ); return ;;`];
    }),
  );
  const words = commands.map(({ name, words, options }) => {
    const all = [...words, ...options].map(({ value }) => value);
    return `    '${name}') words='${all.join(' ')}' ;;`;
  });
  return `# bash completion of shardbeat: source <(npx shardbeat completion bash)
_shardbeat() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command='' words=''
  local typed="\${COMP_WORDS[*]:1:COMP_CWORD-1} "
  COMPREPLY=()
  case "$typed" in
${namesOf(commands)
  .map((name) => `    '${name} '*) command='${name}' ;;`)
  .join('\n')}
  esac
  case "$command|$previous" in
${values.join('\n')}
  esac
  case "$command" in
${words.join('\n')}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
}
complete -o default -F _shardbeat shardbeat
`;
}

/** Of those that are told from others by their name. */
export const namesOf = (commands: readonly CompletedCommand[]): string[] =>
  commands.map(({ name }) => name).filter((name) => name !== '');
