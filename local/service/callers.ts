import type { IncomingMessage } from 'node:http';

/**
 * Whom a local service answers. It listens on the loopback interface only, but what runs in a browser on this machine gets
 * there as well: a page of anybody's may send requests to it, and a page whose own name was made to lead here
 * ("DNS rebinding") may read the answers. Such a page's requests bear that name, or an `Origin`; programs send neither.
 */

/** This machine under any of its names, with labels in front, such as a project. */
const LOOPBACK =
  /^(?:(?:[a-z0-9_-]+\.)*localhost|(?:[a-z0-9_-]+\.)*127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
/**
 * Names that nobody can make lead here in whose browser a page of theirs runs: those of the services, which an official client
 * may be set to by way of a hosts file or a tunnel, and those that RFC 2606 keeps from ever being given out.
 */
const NOBODYS =
  /^(?:[a-z0-9_-]+\.)*(?:aliyuncs\.com|tencentcs\.com|tencentcloudapi\.com|example|test)(?::\d{1,5})?$/i;

/** Why a request is not answered, as a sentence; undefined if it is. */
export function refusalOfCaller({
  url = '/',
  headers,
}: Pick<IncomingMessage, 'url' | 'headers'>): string | undefined {
  if (headers.origin !== undefined) {
    return 'A local service is for programs on this machine, and answers no web page: leave out the header Origin.';
  }
  // Who takes the service for its proxy was told to; no page can have its browser do that.
  if (url.startsWith('http://') || isOurs(headers.host ?? '')) return undefined;
  return 'A local service answers to names of this machine only, such as 127.0.0.1, localhost and names below it, and as an HTTP proxy: no other name may stand in the header Host.';
}

const isOurs = (host: string): boolean => LOOPBACK.test(host) || NOBODYS.test(host);
