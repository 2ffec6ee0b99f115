/**
 * Whom the console answers. It listens on this machine only, but any page in a browser on this machine gets there as well: it may send
 * requests blindly, and one whose own name was made to lead here ("DNS rebinding") may read the answers. So the address has a token that
 * cannot be guessed, the `Host` has to be a name that nobody can have, and whatever changes something has to come from the page itself.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refused } from './refused.ts';

/** Throws what the caller is refused with, unless the `Host` is this server under its own name. */
export function checkHost({ host }: IncomingHttpHeaders, port: number): void {
  if (host !== undefined && namesOf(port).includes(host.toLowerCase())) return;
  throw new Refused(
    403,
    `The page answers as 127.0.0.1:${port} and localhost:${port} only: open it under that address.`,
  );
}

const namesOf = (port: number): readonly string[] => [`127.0.0.1:${port}`, `localhost:${port}`];

/** The rest of the path, behind the token; '' without the slash. Throws what the caller is refused with for any other token, and takes as long wherever that differs. */
export function pathBehindToken(path: string, token: string): string {
  const [, given = '', ...rest] = path.split('/');
  if (!timingSafeEqual(digestOf(given), digestOf(token))) {
    throw new Refused(
      404,
      'There is nothing at this address: open the one that the command line has printed, with its token.',
    );
  }
  return rest.length === 0 ? '' : `/${rest.join('/')}`;
}

const digestOf = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** Data is not for other pages, even if they should know the address. */
export function checkReader({ origin, 'sec-fetch-site': site, host }: IncomingHttpHeaders): void {
  const isOwn = origin === undefined || origin === `http://${host}`;
  if (isOwn && (site === undefined || site === 'same-origin' || site === 'none')) return;
  throw new Refused(403, 'This is for the page of this server, and for no other.');
}

/** What changes something has to say that it comes from the page: every browser does, and no other page can. */
export function checkWriter(headers: IncomingHttpHeaders): void {
  checkReader(headers);
  if (headers.origin === undefined || headers['sec-fetch-site'] === 'none') {
    throw new Refused(
      403,
      'A request that changes something needs the header Origin, with the address of the page.',
    );
  }
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new Refused(415, 'Send the content type application/json.');
  }
}
