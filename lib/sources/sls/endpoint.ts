import { isIP } from 'node:net';
import { SettingsError } from '../../errors.ts';

/** Where requests of one project go. */
export interface Address {
  secure: boolean;
  /** Name or address to connect to. */
  hostname: string;
  port: number;
  /** Value of the `Host` header: it tells the service which project is meant. */
  host: string;
}

/**
 * Reads an endpoint such as `cn-hangzhou.log.aliyuncs.com` or `http://127.0.0.1:8080`; without a scheme it is HTTPS.
 * The project goes in front of the host name. An address or `localhost` has no names below it, so there the project
 * stands in `Host` only, as in the official Python and Go SDKs. Throws a SettingsError.
 */
export function addressOf(endpoint: string, project: string): Address {
  const refuse = (remedy: string): never => {
    throw new SettingsError('endpoint', endpoint, remedy);
  };
  const text = endpoint.includes('://') ? endpoint : `https://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : refuse('write it as in cn-hangzhou.log.aliyuncs.com');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('use https or http');
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    refuse('leave out everything but scheme, host and port');
  }
  const secure = url.protocol === 'https:';
  const bare = url.hostname === 'localhost' || isIP(url.hostname) !== 0;
  return {
    secure,
    hostname: bare ? url.hostname : `${project}.${url.hostname}`,
    port: url.port ? Number(url.port) : secure ? 443 : 80,
    host: `${project}.${url.host}`,
  };
}
