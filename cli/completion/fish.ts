import { namesOf } from './cases.ts';
import type { CompletedCommand, CompletedOption } from './model.ts';

export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, words, options }) => {
    const start = `complete -c shardbeat -n "__shardbeat_is '${name}'"`;
    return [
      ...words.map(({ value, description }) => `${start} -a '${value}' -d '${description}'`),
      ...options.map((option) => `${start} ${optionOf(option)}`),
    ];
  });
  return `# fish completion of shardbeat: npx shardbeat completion fish | source
function __shardbeat_is
  set -l typed (commandline -opc)
  set -e typed[1]
  set -l command ''
  for name in ${namesOf(commands)
    .map((name) => `'${name}'`)
    .join(' ')}
    if string match -q -- "$name *" "$typed "
      set command $name
      break
    end
  end
  test "$command" = "$argv[1]"
end
complete -c shardbeat -f
${lines.join('\n')}
`;
}

function optionOf({ value, description, takes }: CompletedOption): string {
  const option = `-l '${value.slice(2)}' -d '${description}'`;
  if (takes === 'nothing') return option;
  if (takes === 'file') return `${option} -rF`;
  return takes === 'text' ? `${option} -x` : `${option} -xa '${takes.join(' ')}'`;
}
