/** What the server tells, as it comes. A connection that is lost is made again, and meanwhile said to be lost. */
import type { Begin, Change } from '../feed.ts';
import { begun, changed, type Seen } from './seen.ts';

export interface Link {
  readonly state: 'connecting' | 'open' | 'lost';
  /** Since when it is lost, by this machine's clock. */
  readonly since?: number;
}

export interface Listener {
  seen(update: (before: Seen | undefined) => Seen | undefined): void;
  link(update: (before: Link) => Link): void;
}

/** A browser tries again by itself, but not after an answer that is none. */
const AGAIN_MS = 2_000;

/** Until the function that it returns is called. */
export function connect(address: string, listener: Listener): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = (): void => {
    source = new EventSource(address);
    source.addEventListener('open', () => listener.link(() => ({ state: 'open' })));
    source.addEventListener('begin', ({ data }) => {
      const begin = JSON.parse(data) as Begin;
      listener.seen(() => begun(begin, Date.now()));
    });
    source.addEventListener('change', ({ data }) => {
      const change = JSON.parse(data) as Change;
      listener.seen((before) => before && changed(before, change));
    });
    source.addEventListener('error', () => {
      listener.link((before) => (before.state === 'lost' ? before : { state: 'lost', since: Date.now() }));
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
