import { parseEndpoint } from '../http/address.ts';

/** The address that is set for one service of AWS, or else that for all of them, as the SDK knows them; undefined: its public one. */
export function endpointIn<Special extends `AWS_ENDPOINT_URL_${string}`>(
  read: Readonly<Partial<Record<Special | 'AWS_ENDPOINT_URL', string | undefined>>>,
  special: Special,
): string | undefined {
  const field = read[special] === undefined ? 'AWS_ENDPOINT_URL' : special;
  const endpoint = read[field];
  return endpoint === undefined ? undefined : parseEndpoint(endpoint, field, 'http://127.0.0.1:4566').origin;
}
