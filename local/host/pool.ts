import type { Sandbox } from './sandbox.ts';

/** The sandboxes of one slot: on Lambda a run gets one that is idle, or a new one. */
export interface Pool {
  /** Whether one of them is at work. */
  isBusy(): boolean;
  /** `fresh`: not one that has run before. */
  take(fresh?: boolean): Sandbox;
  /** `thrownAway`: it is not used again. */
  giveBack(sandbox: Sandbox, thrownAway?: boolean): Promise<void>;
  /** Kills all of them. */
  close(): Promise<void>;
}

/** Of those that nobody uses, more are thrown away. */
const IDLE_MAX = 3;

export function createPool(create: () => Sandbox): Pool {
  const idle: Sandbox[] = [];
  const all = new Set<Sandbox>();
  let busy = 0;
  const end = async (sandbox: Sandbox): Promise<void> => {
    await sandbox.close();
    all.delete(sandbox);
  };
  return {
    isBusy: () => busy > 0,
    take: (fresh = false) => {
      busy++;
      const sandbox = (fresh ? undefined : idle.pop()) ?? create();
      all.add(sandbox);
      return sandbox;
    },
    giveBack: async (sandbox, thrownAway = false) => {
      busy--;
      if (thrownAway || idle.length === IDLE_MAX) await end(sandbox);
      else idle.push(sandbox);
    },
    close: async () => {
      await Promise.all([...all].map(end));
    },
  };
}
