/** What comes with the package `shardbeat-local`, and is known in full only where that is installed. */
import type { Command } from '../command.ts';
import { loadLocalPackage } from '../localPackage.ts';

function ofLocalPackage(name: string, summary: string): Command {
  const [command, ...service] = name.split(' ') as ['local' | 'serve', ...string[]];
  return {
    name,
    summary,
    run: async (args, world) => {
      const local = await loadLocalPackage(command);
      if (command === 'serve') return local.serve([...service, ...args]);
      return local.local(args, {
        openPage: async (page) => (await import('./console.ts')).openPageOfRun(world)(page),
      });
    },
    text: async () => {
      const local = await loadLocalPackage(command).catch(() => undefined);
      return local?.texts?.find((text) => text.name === name);
    },
  };
}

export const local = ofLocalPackage('local', 'runs a stream and its consumer group on this machine');
export const serve = ofLocalPackage('serve', 'runs a log service on this machine: sls or cls');
export const serveSls = ofLocalPackage('serve sls', 'runs Alibaba Cloud SLS on this machine');
export const serveCls = ofLocalPackage('serve cls', 'runs Tencent Cloud CLS on this machine');
