/** Keeping a service's own consumer group in being: the same for every service but for its requests and its refusals. */

export interface KeptGroupOptions {
  make(signal: AbortSignal): Promise<void>;
  /** Whether `make` was refused because the group is there. */
  isThere(error: unknown): boolean;
  /** Whether a call was refused because the group is not there. */
  isMissing(error: unknown): boolean;
  /** Told when the group was made, or made anew because it had vanished. */
  onChange(change: 'created' | 'recreated'): void;
}

export interface KeptGroup {
  /** Makes the group. Somebody else may have made it meanwhile. */
  create(signal: AbortSignal): Promise<void>;
  /** Runs `call`; if the group has vanished, makes it again and runs `call` once more. */
  withGroup<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Runs `remove`; a group that is not there needs no removal. */
  remove(remove: () => Promise<unknown>): Promise<void>;
}

export function keepGroup({ make, isThere, isMissing, onChange }: KeptGroupOptions): KeptGroup {
  const create = async (change: 'created' | 'recreated', signal: AbortSignal): Promise<void> => {
    try {
      await make(signal);
    } catch (error) {
      if (isThere(error)) return;
      throw error;
    }
    onChange(change);
  };
  return {
    create: (signal) => create('created', signal),
    async withGroup(call, signal) {
      try {
        return await call();
      } catch (error) {
        if (!isMissing(error)) throw error;
        await create('recreated', signal);
        return await call();
      }
    },
    async remove(remove) {
      try {
        await remove();
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
  };
}
