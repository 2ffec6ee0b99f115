/** Headers that a user gives, and keys that he proves himself with. */
import { SettingsError } from '../../errors.ts';
import { keepSecret } from '../../observe/secrets.ts';

/** Of these nobody minds who reads them. */
const PLAIN = /^(content-type|accept|user-agent)$/i;

/** With names in lower case. The values are kept out of logs. Throws a SettingsError for `field`. */
export function headersOf(
  field: string,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(given)) {
    if (!/^[\w-]+$/.test(name) || !/^[\t -~]*$/.test(value)) {
      throw new SettingsError(field, '(hidden)', `write ${JSON.stringify(name)} and its value in ASCII`);
    }
    if (!PLAIN.test(name)) keepSecret(value, value.replace(/^\w+ /, ''));
  }
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A name and password, as HTTP has them. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The header for a login; none without one. */
export function basicAuthorization(login: Login | undefined): Readonly<Record<string, string>> {
  if (login === undefined) return {};
  const encoded = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  keepSecret(login.password, encoded);
  return { authorization: `Basic ${encoded}` };
}
