import { messageOf } from '../observe/plainError.ts';

/** Is called when the process ends, or may be about to, while there is still time for what waits for nothing. Must not throw. */
export type Heir = (why: string) => void;

/** Who wants to hear of the end of a process. One for each process, so that its listeners are the same however many want to. */
export interface DyingProcess {
  add(heir: Heir): void;
  remove(heir: Heir): void;
}

/** What is heard of a process. */
export type Heard = Pick<NodeJS.Process, 'prependListener' | 'off' | 'listenerCount'>;

const WHY_CHARACTERS_MAX = 200;

/** Listens only while somebody wants to hear of it. */
export function listenTo(heard: Heard): DyingProcess {
  const heirs = new Set<Heir>();
  const pass = (why: string): void => {
    for (const heir of heirs) heir(why);
  };
  const exits = (code: number): void => pass(`the process ended with exit code ${code}`);
  const fails = (error: unknown, origin: string): void => {
    const before = origin === 'unhandledRejection' ? 'unhandled rejection: ' : '';
    pass(before + messageOf(error, WHY_CHARACTERS_MAX - before.length));
  };
  const rejects = (reason: unknown): void => {
    fails(reason, 'unhandledRejection');
    // Nobody else listens any more: but for us, the process would end.
    if (heard.listenerCount('unhandledRejection') === 1) throw reason;
  };
  return {
    add(heir) {
      if (heirs.has(heir)) return;
      heirs.add(heir);
      if (heirs.size > 1) return;
      heard.prependListener('exit', exits);
      heard.prependListener('uncaughtExceptionMonitor', fails);
      // Where somebody listens, as Lambda's runtime does, a rejection is no uncaught error. Where nobody does, it has to become one.
      if (heard.listenerCount('unhandledRejection') > 0) heard.prependListener('unhandledRejection', rejects);
    },
    remove(heir) {
      if (!heirs.delete(heir) || heirs.size > 0) return;
      heard.off('exit', exits);
      heard.off('uncaughtExceptionMonitor', fails);
      heard.off('unhandledRejection', rejects);
    },
  };
}

/** This one. */
export const thisProcess = listenTo(process);
