/** What a request of the page brings along. */
import type { IncomingMessage } from 'node:http';
import type { LettersRequest, PauseRequest } from './feed.ts';
import { Refused } from './refused.ts';

/** An id and a few texts. */
const BODY_BYTES_MAX = 16 * 1024;

/** The body as a JSON object. Throws what the caller is refused with: the rest of a body that is too large is not read. */
export async function readObject(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      throw new Refused(413, `A request has ${BODY_BYTES_MAX} bytes at most.`, { connection: 'close' });
    }
    chunks.push(chunk);
  }
  const value = parsed(Buffer.concat(chunks).toString());
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Refused(400, 'Send a JSON object.');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function pauseRequest(body: Readonly<Record<string, unknown>>): PauseRequest {
  checkFields(body, ['shard']);
  return textsIn(body, ['shard']);
}

/** Throws what the caller is refused with, unless it says which letters are meant, or that all are. */
export function lettersRequest(body: Readonly<Record<string, unknown>>): LettersRequest {
  checkFields(body, ['id', 'shard', 'error', 'all']);
  const filter = textsIn(body, ['id', 'shard', 'error']);
  const { all } = body;
  if (all !== undefined && all !== true) throw new Refused(400, 'all: send true, or leave it out.');
  if ((all === true) === Object.keys(filter).length > 0) {
    throw new Refused(400, 'Say which dead letters, by id, shard or error, or that all are meant.');
  }
  return all === true ? { all } : filter;
}

/** A field that is not understood could have meant fewer. */
function checkFields(body: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Refused(400, `A request has the fields ${known.join(', ')}, and no other.`);
}

function textsIn<N extends string>(
  body: Readonly<Record<string, unknown>>,
  names: readonly N[],
): { [K in N]?: string } {
  const given = names.filter((name) => body[name] !== undefined);
  const wrong = given.find((name) => typeof body[name] !== 'string' || body[name] === '');
  if (wrong !== undefined) throw new Refused(400, `${wrong}: send a text, or leave it out.`);
  return Object.fromEntries(given.map((name) => [name, body[name]])) as { [K in N]?: string };
}
