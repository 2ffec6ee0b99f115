/** What the server tells the pages that are open, as server-sent events. */
import type { ServerResponse } from 'node:http';
import type { About, Begin, Change } from './feed.ts';
import type { Lookout } from './lookout.ts';
import { Refused } from './refused.ts';

/** A page has one; a browser has no more than a few to one server. */
const STREAMS_MAX = 16;
/** A page that takes nothing has so much kept for it, and then nothing more until it has taken that. */
const UNSENT_BYTES_MAX = 8 * 1024 * 1024;
/** So that both ends notice that the other one is gone. */
const SIGN_OF_LIFE_MS = 15_000;
/** How soon a browser comes back when the connection was lost. */
const RETRY_MS = 1_000;

export interface Streams {
  /** Answers with the stream, until either end closes it. Throws what the caller is refused with where there are too many. */
  open(response: ServerResponse): void;
}

export function createStreams(about: About, lookout: Lookout, now: () => number): Streams {
  let open = 0;
  const begin = (): string => {
    const data: Begin = { about, now: now(), ...lookout.known() };
    return eventOf('begin', data);
  };
  return {
    open(response) {
      if (open >= STREAMS_MAX) throw new Refused(503, `${STREAMS_MAX} pages are open already: close one.`);
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      const page = createPage(response, begin);
      page.send(`retry: ${RETRY_MS}\n\n${begin()}`);
      const listening = lookout.listen((change) => page.change(change));
      const signs = setInterval(() => page.send(': here\n\n'), SIGN_OF_LIFE_MS);
      signs.unref();
      open += 1;
      response.once('close', () => {
        listening[Symbol.dispose]();
        clearInterval(signs);
        open -= 1;
      });
    },
  };
}

/** One that does not keep up is told nothing until it has taken what it was told; then everything anew. */
function createPage(response: ServerResponse, begin: () => string) {
  let isBehind = false;
  response.on('drain', () => {
    if (!isBehind) return;
    isBehind = false;
    response.write(begin());
  });
  const send = (text: string): void => {
    if (!isBehind) response.write(text);
  };
  return {
    send,
    change(change: Change): void {
      if (response.writableLength > UNSENT_BYTES_MAX) isBehind = true;
      send(eventOf('change', change));
    },
  };
}

/** JSON has no line feeds. */
const eventOf = (name: string, data: Begin | Change): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
