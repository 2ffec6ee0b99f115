/**
 * `answered`: the handler returned. `failed`: it threw. `unloadable`: its bundle cannot be loaded. `killed`: it had not
 * answered at its deadline. `died`: its process ended by itself, or somebody killed it.
 */
export type Invocation = { outcome: 'answered'; result: unknown } | Failed | { outcome: 'killed' };

export type Failed = { outcome: 'failed' | 'unloadable' | 'died'; error: string };
