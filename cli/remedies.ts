/** What to do about failures of AWS, in the words of this command line. The library speaks of settings. */
import type { ShardbeatError } from '../lib/errors.ts';

const CREDENTIALS = 'log in (aws sso login), set the variables of a key, or name a --profile';

/** By the code of the error or its message: the AWS SDK has no codes for what it finds before it asks. */
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/Region is missing/, 'name it: --region, or AWS_REGION'],
  [/CredentialsProviderError|CredentialsError|Could not load credentials/, CREDENTIALS],
  [
    /ExpiredToken|InvalidClientTokenId|UnrecognizedClient|InvalidSignature|InvalidAccessKeyId/,
    `the key is refused: ${CREDENTIALS}`,
  ],
  [
    /AccessDenied/,
    'whoever the key belongs to may not do this: docs/deploy.md lists the rights under “Rights of operators”',
  ],
  [/ResourceNotFoundException.*table|has no table/, 'check --table, --region and --profile, or --stage'],
  [
    /ECONNREFUSED/,
    'nothing listens there: a local run has ended, or an endpoint in the environment is wrong',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'there is no such host: check --region, and the network'],
  [
    /FunctionFailed.*: event\.(operate|redrive|slot)/,
    'it does not know what it is asked: deploy it with this version of shardbeat (npx shardbeat --version)',
  ],
  [/Throttling|ProvisionedThroughput|TooManyRequests/, 'it is throttled: try again in a while'],
  [/Timeout|timed out|ETIMEDOUT/, 'there was no answer in time: check the network, and try again'],
];

/** Undefined where only the message helps. */
export function remedyFor(error: ShardbeatError): string | undefined {
  const { code = '' } = error as { code?: string };
  return REMEDIES.find(([pattern]) => pattern.test(`${code} ${error.message}`))?.[1];
}
