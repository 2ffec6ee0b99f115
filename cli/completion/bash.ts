import { commandCases, valueCases } from './cases.ts';
import type { CompletedCommand } from './model.ts';

/** Nothing that was typed is evaluated, and no package of helpers is needed. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const values = valueCases(commands, (takes) => {
    const list = takes === 'file' ? '-f' : `-W '${takes.join(' ')}'`;
    return `COMPREPLY=( $(compgen ${list} -- "$current") )`;
  });
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
${commandCases(commands)}
  esac
  case "$command|$previous" in
${values}
  esac
  case "$command" in
${words.join('\n')}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
}
complete -o default -F _shardbeat shardbeat
`;
}
