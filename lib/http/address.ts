import { SettingsError } from '../errors.ts';

/** Where requests go. */
export interface Address {
  secure: boolean;
  /** Name or address to connect to. */
  hostname: string;
  port: number;
  /** Value of the `Host` header. */
  host: string;
}

/** Where requests to a URL go. */
export function addressOfUrl({ protocol, hostname: written, port, host }: URL): Address {
  const secure = protocol === 'https:';
  // An address of IPv6 is connected to without the brackets that it has in a URL.
  const hostname = written.replace(/^\[(.*)\]$/, '$1');
  return { secure, hostname, port: port ? Number(port) : secure ? 443 : 80, host };
}

/**
 * Scheme, host and port, and nothing else; HTTPS where no scheme is written. Throws a SettingsError for `field`, with
 * `example` in its remedy.
 */
export function parseEndpoint(endpoint: string, field: string, example: string): URL {
  const refuse = (remedy: string): never => {
    throw new SettingsError(field, endpoint, remedy);
  };
  // A URL leaves out line ends, and writes other letters in ASCII: what is sent would not be what was written.
  if (!/^[!-~]+$/.test(endpoint)) refuse('leave out white space and every character that is no ASCII');
  const text = endpoint.includes('://') ? endpoint : `https://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : refuse(`write it as in ${example}`);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('use https or http');
  if (!HOST.test(url.hostname)) refuse(`write it as in ${example}`);
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    refuse('leave out everything but scheme, host and port');
  }
  return url;
}

/** A name or an address. URLs take more, such as commas and quotes, which nobody resolves. */
const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])$/i;
