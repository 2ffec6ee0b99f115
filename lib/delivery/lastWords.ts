/**
 * Why a run died, as far as its process could still say. While a run has something in work, an uncaught error or an exit writes a
 * small file into the folder for temporary files, which Lambda keeps when it starts the runtime anew in the same sandbox. Whoever
 * finds that a run has died asks for its last words. Of what kills a process outright (no memory, its deadline) there are none.
 */
import { tmpdir } from 'node:os';
import { type DyingProcess, thisProcess } from './dyingProcess.ts';
import { findWords, writeWords } from './lastWordsFile.ts';

/** One invocation for a slot. */
export interface Run {
  slot: string;
  invocation: string;
}

export interface LastWords {
  /** From now on the run works on this batch of the shard, in place of the one before. */
  given(run: Run, shard: string, batch: string): void;
  /** The run has come to its end, whatever that was: nothing of it is in work. */
  ended(run: Run): void;
  /** Why this invocation died, in at most 200 characters; undefined: nobody knows. Never throws. */
  of(invocation: string): string | undefined;
}

export interface LastWordsOptions {
  group: string;
  directory?: string;
  process?: DyingProcess;
}

interface Open {
  invocation: string;
  /** By shard, the id of its batch. */
  batches: Map<string, string>;
  why?: string;
}

/** Of a group's runs in this process. It is listened to only while there is one. */
export function createLastWords(options: LastWordsOptions): LastWords {
  const { group, directory = tmpdir(), process = thisProcess } = options;
  /** By slot: one has a run at a time, and what was left open by the one before is over. */
  const runs = new Map<string, Open>();

  const say = (why: string): void => {
    for (const [slot, run] of runs) {
      // An error that nobody caught tells more than the exit that follows.
      run.why ??= why;
      const { invocation, batches } = run;
      writeWords(directory, { group, slot, invocation, why: run.why, batches: [...batches.values()] });
    }
  };
  return {
    given({ slot, invocation }, shard, batch) {
      let run = runs.get(slot);
      if (run?.invocation !== invocation) {
        run = { invocation, batches: new Map() };
        runs.set(slot, run);
      }
      run.batches.set(shard, batch);
      process.add(say);
    },
    ended({ slot, invocation }) {
      if (runs.get(slot)?.invocation === invocation) runs.delete(slot);
      if (runs.size === 0) process.remove(say);
    },
    of: (invocation) => findWords(directory, { group, invocation })?.why,
  };
}
