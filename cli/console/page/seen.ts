/** What the page knows: what it was told at first, with all changes since. */
import type { Begin, Change } from '../feed.ts';
import { withChanges } from '../history.ts';

export interface Seen extends Begin {
  /** What to add to this machine's clock to have the server's. */
  readonly skewMs: number;
}

export const begun = (begin: Begin, now: number): Seen => ({ ...begin, skewMs: begin.now - now });

/** The group as it is told last, and what failed then, if anything. */
export function changed({ about, now, skewMs, history }: Seen, { state, failure, changes }: Change): Seen {
  return {
    about,
    now,
    skewMs,
    history: withChanges(history, changes),
    ...(state !== undefined && { state }),
    ...(failure !== undefined && { failure }),
  };
}
