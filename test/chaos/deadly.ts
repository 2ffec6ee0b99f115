/** How the content of a record begins of which every run dies: most by an exit, some by a loop that the platform has to end. */
export const DEADLY = ['exit', 'exit', 'exit', 'loop'] as const;
