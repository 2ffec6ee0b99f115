import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../lib/runtime.ts';
import type { LogEvent } from '../../local/host/outputLines.ts';

/** Everything that happened, to look into when a run fails: chaos events, and what the functions logged. */
export interface Trail {
  note(who: string, text: string): void;
  logged(slot: string, event: LogEvent): void;
  /** How often an event of this name was logged. */
  count(name: string): number;
  /** By name, the warnings and errors that were logged. */
  complaints(): Readonly<Record<string, number>>;
  /** Returns the file it is written to. */
  save(seed: string): Promise<string>;
}

/** Of an hour or so; what is older is of no use by then. */
const LINES_MAX = 200_000;

export function createTrail(clock: Clock): Trail {
  const startedAtMs = clock.now();
  const counts = new Map<string, number>();
  const complaints: Record<string, number> = {};
  let lines: string[] = [];

  const note: Trail['note'] = (who, text) => {
    lines.push(`${((clock.now() - startedAtMs) / 1_000).toFixed(3)} ${who}: ${text}`);
    if (lines.length > 2 * LINES_MAX) lines = lines.slice(-LINES_MAX);
  };
  return {
    note,
    logged: (slot, logEvent) => {
      const { event, level } = logEvent;
      counts.set(event, (counts.get(event) ?? 0) + 1);
      if (level === 'warn' || level === 'error') complaints[event] = (complaints[event] ?? 0) + 1;
      note(slot, JSON.stringify(logEvent));
    },
    count: (name) => counts.get(name) ?? 0,
    complaints: () => complaints,
    save: async (seed) => {
      const file = join(tmpdir(), `shardbeat-chaos-${encodeURIComponent(seed)}.log`);
      await writeFile(file, `${lines.join('\n')}\n`);
      return file;
    },
  };
}
