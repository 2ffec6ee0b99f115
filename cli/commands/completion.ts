import { type Command, defineCommand } from '../command.ts';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { completionOf } from '../completion/model.ts';
import { zshScript } from '../completion/zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };
const SHELLS = Object.keys(SCRIPTS);

/** `commands`: all that there are; this one is added. */
export function defineCompletion(commands: readonly Command[]): Command {
  const completion: Command = defineCommand({
    name: 'completion',
    summary: 'writes a script that completes commands and options in a shell',
    about: `It completes the command shardbeat: where you type npx shardbeat, make an alias of that name. What it knows is as of this version: read it anew when the shell starts.`,
    words: [{ name: 'SHELL', help: 'bash, zsh or fish', choices: SHELLS }],
    options: {},
    examples: [
      ['source <(npx shardbeat completion bash)', 'in ~/.bashrc'],
      ['source <(npx shardbeat completion zsh)', 'in ~/.zshrc, after compinit'],
      ['npx shardbeat completion fish | source', 'in ~/.config/fish/config.fish'],
    ],
    run: async ({ words: [shell = ''] }, world) => {
      world.out(SCRIPTS[shell as keyof typeof SCRIPTS](await completionOf([...commands, completion])));
      return 0;
    },
  });
  return completion;
}
