/** How far two checkpoints of a shard are apart, by the cursors alone: nobody is asked. */
import { cursorDistance as messages } from './sources/cls/cursor.ts';
import { cursorDistance as logGroups } from './sources/sls/cursor.ts';

/** How many positions lie between two cursors; undefined where they do not tell. */
export type Distance = (from: string, to: string) => number | undefined;

/** Of the stream with this name, as a group's settings have it; undefined where nobody knows what its cursors mean. */
export function distanceIn(stream: string): Distance | undefined {
  if (stream.startsWith('sls://')) return logGroups;
  return stream.startsWith('cls://') ? messages : undefined;
}
