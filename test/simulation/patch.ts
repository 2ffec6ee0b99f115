import { registerHooks } from 'node:module';
import type { Mutant, Patch } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

const LIB = new URL('../../lib/', import.meta.url).href;

export function findMutant(name: string, mutants = MUTANTS): Mutant {
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant !== undefined) return mutant;
  throw new Error(`there is no mutant "${name}"; there are:\n${mutants.map((each) => each.name).join('\n')}`);
}

/**
 * Changes the source of `lib/` as this thread loads it, before anything of it is imported: the code itself has no
 * switches. Answers a check, for after the import, that every patch was needed.
 */
export function applyMutant({ name, patches }: Mutant): () => void {
  const applied = new Set<Patch>();
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const here = patches.filter((patch) => url === LIB + patch.file);
      if (here.length === 0) return loaded;
      let source = String(loaded.source);
      for (const patch of here) {
        source = patched(name, patch, source);
        applied.add(patch);
      }
      return { ...loaded, source };
    },
  });
  return () => {
    const missed = patches.find((patch) => !applied.has(patch));
    if (missed !== undefined) throw new Error(`mutant "${name}": lib/${missed.file} was never loaded`);
  };
}

/** A text that is gone, or is there twice, makes the mutant say nothing about the code. */
export function patched(name: string, { file, find, replace }: Patch, source: string): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(`mutant "${name}": its text is found ${parts.length - 1} times in lib/${file}, not once`);
}
