/**
 * The secrets that this process has. Whoever comes by one says so here, and no text that is logged, thrown, stored or answered
 * shows it. One list for the process: a secret is one wherever it turns up, also in the words of code that never had it.
 */
import { HIDDEN, hidePatterns, isSecretName, PATTERN_CHARACTERS_MAX } from './secretPatterns.ts';

/** Shorter ones are words of a test or of a language, and hiding them would spoil every other line. */
const CHARACTERS_MIN = 8;
/** Longer than any header may be. */
const CHARACTERS_MAX = 16 * 1024;
/** Temporary ones come anew by the hour; those of a day ago hold no longer. */
const SECRETS_MAX = 256;

const known = new Set<string>();
/** In all their forms, the longest first: one may be a part of another. */
let forms: readonly string[] = [];

/** Says that these are secrets. Cheap for those that are known already. */
export function keepSecret(...secrets: readonly (string | undefined)[]): void {
  for (const secret of secrets) {
    if (secret === undefined || known.has(secret)) continue;
    if (secret.length < CHARACTERS_MIN || secret.length > CHARACTERS_MAX) continue;
    known.add(secret);
    const [oldest] = known;
    if (known.size > SECRETS_MAX && oldest !== undefined) known.delete(oldest);
    forms = [...new Set([...known].flatMap(formsOf))].sort((a, b) => b.length - a.length);
  }
}

/** As it is, and as JSON, JSON within JSON, URLs and forms write it. */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const wellFormed = secret.toWellFormed();
  return [
    secret,
    json,
    json.replaceAll('/', '\\/'),
    JSON.stringify(json).slice(1, -1),
    encodeURI(wellFormed),
    encodeURIComponent(wellFormed),
    new URLSearchParams({ '': wellFormed }).toString().slice(1),
  ];
}

const SECRET_VARIABLE =
  /(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|ACCESS_KEY|API_?KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS?)$/i;

/** Every variable whose name says that it is one, of ours, of AWS or of the user's; and the password of a URL in any. */
export function keepSecretsOf(environment: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value = ''] of Object.entries(environment)) {
    const isSecret = NAMES_STORED.test(name) ? isPasted(value) : SECRET_VARIABLE.test(name);
    if (isSecret) keepSecret(value, value.trim());
    keepSecret(/:\/\/[^/\s:@]*:(\S+)@/.exec(value)?.[1]);
  }
}

/** `SHARDBEAT_SLS_SECRET` and its like say where a secret is, which everybody may read. */
const NAMES_STORED = /^SHARDBEAT_[A-Z]+_(SECRET|PARAMETER)$/;

/** Whether the secret itself was put where its name is wanted. */
const isPasted = (text: string): boolean => !isStoredName(text) || isKeyLike(text);

/** Of these letters are the names and ARNs of Secrets Manager and the Parameter Store. */
function isStoredName(text: string): boolean {
  return /^[\w/+=.@:-]{1,2048}$/.test(text);
}

/** A long run of letters of both cases and digits, without the hyphens, dots and colons that names have. */
function isKeyLike(text: string): boolean {
  const isRun = /^[A-Za-z0-9+][A-Za-z0-9+/]{26,}={0,2}$/.test(text);
  return isRun && /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text);
}

/** The text with `(hidden)` in place of what is a secret, or looks like one. Never throws. */
export function hideSecrets(text: string): string {
  const shown = forms.reduce(
    (shown, secret) => (shown.includes(secret) ? shown.replaceAll(secret, HIDDEN) : shown),
    text,
  );
  return hidePatterns(shown);
}

/**
 * The beginning of a text, with its secrets hidden. Of a very long one no more is looked at than is needed; what is cut in two
 * at the end of that may be a part of a secret, and is left out.
 */
export function beginningOf(text: string, charactersMax: number): string {
  const margin = Math.max(PATTERN_CHARACTERS_MAX, forms[0]?.length ?? 0);
  const looked = text.slice(0, charactersMax + 2 * margin);
  const hidden = hideSecrets(looked);
  const whole = looked.length === text.length ? hidden : hidden.slice(0, Math.max(0, hidden.length - margin));
  return whole
    .slice(0, charactersMax)
    .replace(/[\uD800-\uDBFF]$/, '')
    .toWellFormed();
}

/** The same; a text that is cut says how long it was. */
export function shortened(text: string, charactersMax: number): string {
  const shown = beginningOf(text, charactersMax);
  return text.length <= charactersMax ? shown : `${shown}… (${text.length} characters)`;
}

/**
 * The value of a setting as an error may show it. What is hidden by its field's name is what can only be a secret; an endpoint may
 * have a password in it, and a field that wants the name of a secret may have been given the secret.
 */
export function shownValue(field: string, value: unknown): string {
  if (typeof value !== 'string') {
    const isPlain = value === null || /^(undefined|number|bigint|boolean)$/.test(typeof value);
    return isPlain ? String(value) : `(of type ${typeof value})`;
  }
  // What is said in place of a value: `(hidden)`, `(set)`.
  if (/^\([a-z ]*\)$/.test(value)) return JSON.stringify(value);
  const isSecret = NAMES_STORED.test(field)
    ? isPasted(value)
    : isSecretName(field) && !SIGNATURE_VERSION.test(field);
  if (isSecret || (/^\s*[{[]/.test(value) && hidePatterns(value) !== value)) return JSON.stringify(HIDDEN);
  const hasUser = value.includes('://') || /endpoint|url/i.test(field);
  const hidden = hasUser ? value.replace(USER_INFO, `$1${HIDDEN}@`) : value;
  const dots = hidden.length > VALUE_CHARACTERS_MAX ? '…' : '';
  const quoted = JSON.stringify(beginningOf(hidden, VALUE_CHARACTERS_MAX));
  return `${quoted.replace(INVISIBLE, escaped)}${dots}`;
}

/** In a log a signature is a secret; the setting says which version of it is to be used. */
const SIGNATURE_VERSION = /signature$/i;

/** What a paste brings along and nobody sees, such as a space of no width: it may be all that is wrong with a value. */
const INVISIBLE = /(?! )[\p{Cc}\p{Cf}\p{Z}]/gu;
const escaped = (text: string): string =>
  [...Array(text.length).keys()]
    .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');

const VALUE_CHARACTERS_MAX = 200;
/** Also without a scheme, and with whatever stands in the password. */
const USER_INFO = /^(\s*(?:[a-z][a-z0-9+.-]*:\/\/)?).*@/is;
