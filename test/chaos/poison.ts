/**
 * How the content of a record begins that the user's function never takes: it throws, or the run dies of it, most by an exit, some by a loop
 * that the platform has to end.
 */
export const POISON = ['throw', 'exit', 'exit', 'loop'] as const;
