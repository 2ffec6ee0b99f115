import { defineCommand } from '../command.ts';
import { writeProject } from '../init/init.ts';

export const init = defineCommand({
  name: 'init',
  summary: 'writes a project: a function that consumes a log stream, its test and its deployment',
  words: [
    {
      name: 'DIR',
      help: 'the folder, which must be new or empty; its name becomes the name of service, group and module',
    },
  ],
  options: {
    source: {
      type: 'string',
      default: 'sls',
      value: 'NAME',
      choices: ['sls', 'cls'],
      help: 'which log service: sls (Alibaba Cloud SLS), cls (Tencent Cloud CLS) (sls)',
    },
  },
  examples: [
    ['npx shardbeat init orders', 'a project for SLS in the folder orders'],
    ['npx shardbeat init orders --source cls', 'one for CLS'],
  ],
  run: async ({ words: [directory = ''], options: { source } }, { out }) => {
    out(await writeProject(directory, source));
    return 0;
  },
});
