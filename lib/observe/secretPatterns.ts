/**
 * What looks like a secret, whoever it belongs to: an answer that echoes headers, a URL with a password, a token in a message of
 * somebody else's library. What is known to be one is hidden by `secrets.ts`; this is for the rest.
 */
export const HIDDEN = '(hidden)';

/** So much is looked at beyond where a text is cut: a pattern knows what it hides by what stands this near. */
export const PATTERN_CHARACTERS_MAX = 4_096;

const NAME =
  'authorization|cookie|passw(?:or)?d|passphrase|\\bpwd|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|account[-_]?key|shared[-_]?key|signature|hmac|credentials?';
/** The names of our own settings are no secrets, and what stands behind them is what its error is about. */
const NOT_OURS = '(?<!SHARDBEAT_[A-Z_]{0,32})';
/** Such as `secretName`, `accessKeyId` or `tokenType`, which tell nothing; the rest of the name otherwise. */
const REST = '(?![\\w-]{0,24}?(?:id|name|arn|type|count)\\b)[\\w-]{0,24}';
const NAMED = `${NOT_OURS}(?:${NAME})${REST}`;

/** A quick look: a text without any of these is left as it is. */
const SUSPECT = new RegExp(
  `${NAME}|bearer|basic|://|\\beyJ|\\bCAIS|\\bIQoJ|\\bF[wQ]oG|\\bLOG |-----BEGIN|\\bsig=|\\bsk-|\\bgh[a-z]_|github_pat_|\\bxox[a-z]-|hooks\\.slack`,
  'i',
);

/** Each hides all but what stands in `$1` and `$2`. None takes longer than in proportion to the text. */
const PATTERNS: readonly RegExp[] = [
  // `"token": "…"`, `token: '…'`, `token="…"`, and `"set-cookie": ["…"]`. What a remedy writes
  // for a secret is none.
  new RegExp(`(${NAMED}["']?\\s{0,8}[:=]\\s{0,8}")(?!…")(?:\\\\.|[^"\\\\])*()`, 'gis'),
  new RegExp(`(${NAMED}["']?\\s{0,8}[:=]\\s{0,8}')(?:\\\\.|[^'\\\\])*()`, 'gis'),
  new RegExp(`(${NAMED}["']?\\s{0,8}[:=]\\s{0,8}\\[)[^\\]]+()`, 'gi'),
  // JSON within JSON: its quotes have backslashes in front.
  new RegExp(
    `(${NAMED}\\\\{1,8}["']\\s{0,8}[:=]\\s{0,8}\\[?\\\\{1,8}["'])(?:(?!\\\\{1,8}["'])[\\s\\S])*()`,
    'gi',
  ),
  // `Signature=…`, `password=…` of headers, queries and forms.
  new RegExp(`(${NAMED}(?:=|%3D))(?![("'\\[])[^\\s,;&"'<>()\\]}\\\\]+()`, 'gi'),
  // Lines of a header.
  new RegExp(
    `(${NOT_OURS}(?:authorization|cookie|\\bx-[\\w-]{0,32}(?:token|secret|signature|key))\\s{0,8}:\\s{0,8})(?![\\s("'\\[])[^\\r\\n"'\\\\]+()`,
    'gi',
  ),
  // Signatures in URLs of Azure.
  /(\bsig=)[^\s&;"'<>\\]+()/gi,
  // Names and values in one list, as Node keeps the headers of a message.
  new RegExp(`(${NAMED}["']\\s{0,8},\\s{0,8}["'])(?=[^"']{0,256}\\d)[^"'\\\\]{8,}()`, 'gi'),
  // Prose, and lines of settings: only where what follows is no word.
  new RegExp(
    `(${NAMED}(?:\\s{0,8}:|\\s{1,8}=)\\s{0,8})(?!\\()(?=[^\\s"']{0,64}\\d)[^\\s,;"'\\\\]{4,}()`,
    'gi',
  ),
  /(\b(?:bearer|basic)\s{1,8})(?=[\w.~+/-]{0,256}[\d=])[\w.~+/=-]{8,}()/gi,
  /(\bLOG [\w.-]{1,128}:)[A-Za-z0-9+/]{26,28}=?()/g,
  // User and password of a URL; a password may hold a slash that should have been escaped, a port may not.
  /(:\/\/)[^\s/"'<>]{1,512}(@)/g,
  /(:\/\/)[^\s/"'<>@:]{0,256}:(?!\d{1,5}[/?#])[^\s"'<>@]{1,512}(@)/g,
  /(-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----)[\s\S]{0,16384}?(?=-----END|$)()/g,
  // Tokens that show what they are: JWT, STS of Alibaba Cloud and of AWS.
  /()\beyJ[\w-]{8,1024}\.[\w-]{8,}(?:\.[\w-]*)?()/g,
  /()\b(?:CAIS|IQoJ|FwoG|FQoG)[\w+/=%-]{60,}()/g,
  // Likewise those of GitHub, Slack, and services that begin theirs in the same way.
  /()\b(?:gh[a-z]_|github_pat_|xox[a-z]-|sk-)(?=[\w-]{0,256}\d)[\w-]{16,}()/g,
  /(\bhooks\.slack\.com\/\w{1,16}\/)[^\s"'<>]+()/g,
];

export function hidePatterns(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return PATTERNS.reduce((shown, pattern) => shown.replace(pattern, `$1${HIDDEN}$2`), text);
}

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !TELLS_NOTHING.test(name);
}

const SECRET_NAME =
  /authorization|cookie|passw(or)?d|passphrase|^pwd$|^pass$|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|account[-_]?key|shared[-_]?key|signature|hmac|connection[-_]?string|jwt|^bearer$|^sig$|credential/i;
const TELLS_NOTHING = /(id|name|arn|type|count)$/i;
