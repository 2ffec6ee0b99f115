import { basename, resolve } from 'node:path';
import { parseOptions } from '../../lib/config/commandLine.ts';
import { SettingsError } from '../../lib/errors.ts';
import type { Project } from './project.ts';

export interface InitOptions extends Pick<Project, 'name' | 'source'> {
  directory: string;
}

export const INIT_HELP = `shardbeat init: a project with a function that consumes a log stream, its test and its deployment

  shardbeat init DIR [options]

  DIR              the folder, which must be new or empty; its name becomes the name of service, group and module
  --source NAME    which log service: sls (Alibaba Cloud SLS), cls (Tencent Cloud CLS) (sls)
  -h, --help       this text
`;

const OPTIONS = {
  source: { type: 'string', default: 'sls' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Names of groups, of stacks and of npm packages begin with a letter, and what is made of one has to fit as well. */
const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Reads the options of `shardbeat init`; 'help' if that is what was asked for. Throws a SettingsError that names the option. */
export function parseInitOptions(args: readonly string[]): InitOptions | 'help' {
  const [first = '', ...rest] = args;
  const directory = first.startsWith('-') ? '' : first;
  const { values } = parseOptions(
    directory === '' ? args : rest,
    OPTIONS,
    'name one folder, before the options',
  );
  if (values.help) return 'help';
  if (directory === '') throw new SettingsError('DIR', '', 'name the folder first: shardbeat init DIR');
  const name = basename(resolve(directory)).toLowerCase();
  if (!NAME.test(name)) {
    const remedy =
      'its name becomes that of service and group: up to 40 letters, digits and hyphens, a letter first';
    throw new SettingsError('DIR', directory, remedy);
  }
  const { source } = values;
  if (source !== 'sls' && source !== 'cls')
    throw new SettingsError('--source', source, 'the sources are: sls, cls');
  return { directory: resolve(directory), name, source };
}
