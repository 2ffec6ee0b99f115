/**
 * The rules of the protocol, each left out once: what a change by mistake could look like. The simulation must notice.
 * `find` must match exactly once, so that no mutant rots away unseen.
 */
export interface Patch {
  /** Below `lib/`. */
  file: string;
  find: string;
  replace: string;
}

export interface Mutant {
  name: string;
  patches: readonly Patch[];
  /** Why no run can tell, where that is so. */
  harmless?: string;
}

export const mutant = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  patches: [{ file, find, replace }],
});
