import type { World } from '../../cli/world.ts';
import { createManualClock } from '../support/clock.ts';

/** A world for a command of which one looks at what it says. */
export function createWorld(given: Partial<World> = {}) {
  const out: string[] = [];
  const said: string[] = [];
  return {
    out: (text: string) => void out.push(text),
    say: (line: string) => void said.push(line),
    columns: undefined,
    rows: undefined,
    ask: async () => undefined,
    environment: {},
    directory: '/nowhere',
    clock: createManualClock(),
    untilStopped: () => new AbortController().signal,
    ...given,
    written: () => out.join(''),
    said: () => said.join('\n'),
  };
}
