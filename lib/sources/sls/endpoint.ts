import { SettingsError } from '../../errors.ts';
import { type Address, addressOfUrl, parseEndpoint } from '../../http/address.ts';

/**
 * Reads an endpoint: public (`cn-hangzhou.log.aliyuncs.com`), within Alibaba Cloud (`cn-hangzhou-intranet.log.aliyuncs.com`),
 * accelerated (`log-global.aliyuncs.com`, one for all regions), or any other such as `http://127.0.0.1:8080`. Without a
 * scheme it is HTTPS; the official SDKs take HTTP then.
 *
 * The project goes in front of the host name, and `Host` tells the service which one is meant. An address or `localhost`
 * has no names below it, so there the project stands in `Host` only, as in the official Python and Go SDKs. Throws a
 * SettingsError for `field`.
 */
export function addressOf(endpoint: string, project: string, field = 'endpoint'): Address {
  const url = parseEndpoint(endpoint, field, 'cn-hangzhou.log.aliyuncs.com');
  if (url.hostname.startsWith(`${project.toLowerCase()}.`)) {
    throw new SettingsError(field, endpoint, 'leave out the project: it is put in front of the host');
  }
  const { secure, hostname, port, host } = addressOfUrl(url);
  const bare = hostname === 'localhost' || IP.test(hostname);
  return { secure, hostname: bare ? hostname : `${project}.${hostname}`, port, host: `${project}.${host}` };
}

/** As URLs write addresses: a host that ends in a number is one of IPv4 there. */
const IP = /^[\d.]+$|:/;

/** The networks of a region, as they stand in its endpoints. */
const REGIONAL = /^([a-z0-9-]+?)(?:-(?:intranet|internal|vpc|share))?\.(?:log|sls)\.aliyuncs\.com$/;

/**
 * The region that an endpoint names; undefined where it names none, as the accelerated one, a domain of one's own or an
 * address. Source of the forms: the API reference, "Endpoints", and the tests of Alibaba Cloud's own gateway for SLS.
 */
export function regionOf(endpoint: string): string | undefined {
  const text = endpoint.includes('://') ? endpoint : `https://${endpoint}`;
  return URL.canParse(text) ? REGIONAL.exec(new URL(text).hostname)?.[1] : undefined;
}

/** What to do about a region that is neither given nor named by the endpoint. */
export const REGION_REMEDY =
  'signature v4 needs it, and the endpoint does not name it: set it to the region of the project, such as cn-hangzhou';
