import type { TickResult } from '../../lib/tick/result.ts';
import type { LogEvent } from '../host/outputLines.ts';
import { errorText } from './errorText.ts';
import { counted } from './view.ts';

/** What keeps shards from getting on, as was told last. */
export interface Troubles {
  event(event: LogEvent): void;
  ticked(result: TickResult): void;
  /** As it follows the name of the shard; undefined: it gets on, as far as is known. */
  of(shard: string): string | undefined;
  /** How many records in a row have failed there as often as is allowed. */
  stuckRecords(shard: string): number;
}

export function createTroubles(): Troubles {
  const latest = new Map<string, string>();
  const stuck = new Map<string, number>();
  return {
    event: (event) => {
      const text = typeof event.shard === 'string' ? troubleIn(event) : undefined;
      if (text !== undefined) latest.set(String(event.shard), text);
      if (event.event === 'delivery.outage') stuck.set(String(event.shard), Number(event.records));
    },
    ticked: ({ shards }) => {
      for (const { shard } of shards.filter(({ stopped }) => WELL.has(stopped))) {
        latest.delete(shard);
        stuck.delete(shard);
      }
    },
    of: (shard) => latest.get(shard),
    stuckRecords: (shard) => stuck.get(shard) ?? 0,
  };
}

const WELL: ReadonlySet<string> = new Set(['caughtUp', 'done', 'batchesMax', 'gathering']);

function troubleIn({ event, records, attempts, message, remedy, error }: LogEvent): string | undefined {
  const count = counted(Number(records), 'record');
  switch (event) {
    case 'delivery.outage':
      return `waits until your function succeeds with something else, and gives nothing up before: ${count} failed as often as is allowed, at last with ${message}`;
    case 'shard.blocked':
      return `is blocked by ${count}: ${message ?? remedy}`;
    case 'batch.failed':
    case 'batch.timedOut':
      return `waits for another attempt, after ${attempts} that failed, at last with ${errorText(error)}`;
    case 'batch.died':
      return `waits for another attempt, after ${attempts} of which the process died: ${message}`;
    case 'shard.failed':
      return `cannot be worked on: ${errorText(error)}`;
    default:
      return undefined;
  }
}
