import { commandCases, valueCases } from './cases.ts';
import type { Candidate, CompletedCommand } from './model.ts';

export function zshScript(commands: readonly CompletedCommand[]): string {
  const values = valueCases(commands, (takes) =>
    takes === 'file' ? '_files' : `compadd -- ${takes.join(' ')}`,
  );
  const listed = (candidates: readonly Candidate[]): string =>
    candidates.map(({ value, description }) => `'${value}:${description}'`).join(' ');
  const found = commands.map(
    ({ name, words, options }) => `    '${name}') names=(${listed(words)}); options=(${listed(options)}) ;;`,
  );
  return `#compdef shardbeat
# zsh completion of shardbeat, after compinit: source <(npx shardbeat completion zsh)
_shardbeat() {
  local -a names options
  local command='' previous="\${words[CURRENT-1]}" typed="\${(j: :)words[2,CURRENT-1]} "
  case "$typed" in
${commandCases(commands)}
  esac
  case "$command|$previous" in
${values}
  esac
  case "$command" in
${found.join('\n')}
  esac
  (( $#names )) && _describe -t commands command names
  _describe -o option options
}
compdef _shardbeat shardbeat
`;
}
