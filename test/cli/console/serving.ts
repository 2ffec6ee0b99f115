/** A server with a group of the test's making, and requests as browsers, programs and worse send them. */
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Actions } from '../../../cli/console/actions.ts';
import type { About, Change } from '../../../cli/console/feed.ts';
import { EMPTY_HISTORY } from '../../../cli/console/history.ts';
import type { Lookout } from '../../../cli/console/lookout.ts';
import { type ServerOptions, startServer } from '../../../cli/console/server.ts';
import { createStreams } from '../../../cli/console/streams.ts';
import type { KeptLetter } from '../../../lib/operations.ts';

export const TOKEN = 'T0k3n-of-forty-three-characters-of-base64ur';
const ABOUT: About = {
  group: 'orders',
  place: 'here',
  isLocal: true,
  commandOptions: '',
  everyMs: 1_000,
  since: 1,
  redrivenBy: 'module',
};

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Asking {
  method?: string;
  /** Without the token's part, unless it begins with a slash. */
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

export async function createServing(given: Partial<ServerOptions> = {}) {
  const calls: string[] = [];
  const listeners = new Set<(change: Change) => void>();
  const lookout: Lookout = {
    known: () => ({ failure: 'not seen yet', history: EMPTY_HISTORY }),
    listen: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    lookSoon: () => void calls.push('look'),
    ended: Promise.resolve(),
  };
  const called = (name: string, answer: object) => async (given: object) => {
    calls.push(`${name} ${JSON.stringify(given)}`);
    return answer as never;
  };
  const actions: Actions = {
    pause: called('pause', { done: 'paused', stillPaused: [] }),
    resume: called('resume', { done: 'resumed', stillPaused: [] }),
    redrive: called('redrive', { redriven: 1, failed: 0, skipped: 0 }),
    drop: called('drop', { dropped: 1, skipped: 0 }),
  };
  const letters: KeptLetter[] = [];
  /** How many letters were read. */
  const serving = { read: 0 };
  const group: ServerOptions['group'] = {
    async *deadLetters({ id, shard, error } = {}) {
      calls.push(`list ${JSON.stringify({ id, shard, error })}`);
      for (const letter of letters.filter((letter) => id === undefined || letter.id === id)) {
        serving.read += 1;
        yield letter;
      }
    },
    countDeadLetters: async () => letters.length,
  };
  const server = await startServer({
    port: 0,
    portOption: '--port',
    token: TOKEN,
    files: new Map([
      ['/', { type: 'text/html; charset=utf-8', body: '<!doctype html>' }],
      ['/main.js', { type: 'text/javascript; charset=utf-8', body: 'let page;' }],
    ]),
    group,
    streams: createStreams(ABOUT, lookout, () => 5),
    actions,
    onChanged: lookout.lookSoon,
    sayOf: (error) => `said: ${(error as Error).message}`,
    signal: new AbortController().signal,
    ...given,
  });
  const { port } = server;
  const origin = `http://127.0.0.1:${port}`;
  const open = ({ method = 'GET', path = '', headers = {} }: Asking): ClientRequest =>
    request({
      port,
      host: '127.0.0.1',
      method,
      path: path.startsWith('/') ? path : `/${TOKEN}/${path}`,
      headers: { host: `127.0.0.1:${port}`, ...headers },
      agent: false,
    });
  const respond = (sent: ClientRequest): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      sent.once('response', resolve).once('error', reject);
    });
  const ask = async (asking: Asking = {}): Promise<Answer> => {
    const sent = open(asking);
    sent.end(asking.body);
    const response = await respond(sent);
    return { status: response.statusCode!, headers: response.headers, body: await text(response) };
  };
  return {
    port,
    origin,
    calls,
    letters,
    lettersRead: () => serving.read,
    listeners,
    tell: (change: Change) => {
      for (const listener of listeners) listener(change);
    },
    open,
    respond,
    ask,
    /** As the page does it. */
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      ask({
        method: 'POST',
        path,
        headers: { origin, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    /** A stream of events that is open; what it tells is read when that is asked for. */
    async stream(headers: Record<string, string> = {}) {
      const sent = open({ path: 'events', headers });
      sent.end();
      const response = await respond(sent);
      return { response, events: eventsOf(response), close: () => sent.destroy() };
    },
    close: server.close,
  };
}

export type Serving = Awaited<ReturnType<typeof createServing>>;

/** What comes, one event after the other. */
export async function* eventsOf(
  response: IncomingMessage,
): AsyncGenerator<{ event: string; data: string; bytes: number }> {
  let rest = '';
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    const parts = (rest + chunk.toString()).split('\n\n');
    rest = parts.pop()!;
    for (const part of parts) {
      const { event, data } = Object.fromEntries(part.split('\n').map((line) => line.split(/: (.*)/s, 2)));
      if (event !== undefined) yield { event, data, bytes };
    }
  }
}
