/** What the console's server has at which address. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenGroup } from '../../lib/operations.ts';
import type { Actions } from './actions.ts';
import { lettersRequest, pauseRequest, readObject } from './body.ts';
import { checkReader, checkWriter } from './callers.ts';
import type { Requests } from './feed.ts';
import type { PageFiles } from './files.ts';
import { findLetter, letterAnswer, listLetters } from './letters.ts';
import { Refused } from './refused.ts';
import type { Streams } from './streams.ts';

export interface Routes {
  readonly files: PageFiles;
  readonly group: Pick<OpenGroup, 'deadLetters' | 'countDeadLetters'>;
  readonly streams: Streams;
  readonly actions: Actions;
  /** Somebody may have changed something. */
  onChanged(): void;
  readonly signal: AbortSignal;
}

interface Address {
  /** Behind the token, with a slash in front. */
  readonly path: string;
  readonly query: string;
}

const LETTERS = '/dead-letters';

/** Rejects with what the caller is refused with, or with what has failed. */
export async function respond(
  routes: Routes,
  address: Address,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { path } = address;
  const post = POSTS.get(path);
  const read =
    routes.files.has(path) || path === '/events' || path === LETTERS || path.startsWith(`${LETTERS}/`);
  if (post === undefined && !read) throw new Refused(404, 'There is nothing at this address.');
  const methods = post === undefined ? ['GET', 'HEAD'] : ['POST'];
  if (!methods.includes(request.method ?? '')) {
    throw new Refused(405, `Ask with ${methods.join(' or ')}.`, { allow: methods.join(', ') });
  }
  if (post === undefined) await answerRead(routes, address, request, response);
  else {
    checkWriter(request.headers);
    const does = post(await readObject(request));
    try {
      send(response, 200, await does(routes.actions));
    } finally {
      routes.onChanged();
    }
  }
}

type Body = Readonly<Record<string, unknown>>;

/** What cannot be understood is refused before anything is done. */
const action =
  <R>(read: (body: Body) => R, does: (actions: Actions, request: R) => Promise<object>) =>
  (body: Body) => {
    const request = read(body);
    return (actions: Actions): Promise<object> => does(actions, request);
  };

const ACTIONS: Readonly<Record<keyof Requests, ReturnType<typeof action>>> = {
  pause: action(pauseRequest, (actions, request) => actions.pause(request)),
  resume: action(pauseRequest, (actions, request) => actions.resume(request)),
  redrive: action(lettersRequest, (actions, request) => actions.redrive(request)),
  drop: action(lettersRequest, (actions, request) => actions.drop(request)),
};
const POSTS = new Map(Object.entries(ACTIONS).map(([name, does]) => [`/${name}`, does]));

async function answerRead(
  { files, group, streams, signal }: Routes,
  { path, query }: Address,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = files.get(path);
  if (file !== undefined) {
    response.writeHead(200, { 'content-type': file.type }).end(file.body);
    return;
  }
  checkReader(request.headers);
  if (path === '/events') {
    if (request.method === 'HEAD') response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    else streams.open(response);
  } else if (path === LETTERS) {
    send(response, 200, await listLetters(group, new URLSearchParams(query), signal));
  } else {
    const id = decoded(path.slice(LETTERS.length + 1));
    const letter = id === undefined ? undefined : await findLetter(group, id, signal);
    if (letter === undefined) throw new Refused(404, 'There is no such dead letter (any more).');
    send(response, 200, letterAnswer(letter));
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export function send(response: ServerResponse, status: number, value: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(value));
}
