/**
 * Requests to services of AWS, signed here: what a sink calls are one or two operations each, and the SDK's client for them would be read and
 * compiled at every cold start. Whose requests they are is what any client of the SDK knows.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { endpointIn } from '../../config/awsEndpoint.ts';
import { objectIn, refusalIn } from '../../credentials/awsAnswer.ts';
import { type AwsAccount, endpointOf } from '../../credentials/awsCall.ts';
import {
  type AwsSender,
  type AwsSenderOptions,
  type AwsService,
  type AwsWords,
  createAwsSender,
  refused,
} from '../../credentials/awsSender.ts';
import { ShardbeatError, StoreError } from '../../errors.ts';
import { systemClock, systemRandom } from '../../runtime.ts';
import { type Answer, DONE, type Runtime } from './sink.ts';

/** In whose name a sink calls AWS, and where. */
export interface AwsSinkOptions extends Runtime {
  /** Any client of the AWS SDK, or what has its `config`: its region and credentials are taken. Unless set, those of the function. */
  readonly client?: { readonly config: AwsAccount } | undefined;
  /** In place of the client's. */
  readonly region?: string | undefined;
  /** A URL; unless set, that of `AWS_ENDPOINT_URL` or of the service's own such variable, or the public one. */
  readonly endpoint?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What is called as AWS's own tools call it. */
const VARIABLES = {
  s3: 'AWS_ENDPOINT_URL_S3',
  sqs: 'AWS_ENDPOINT_URL_SQS',
  events: 'AWS_ENDPOINT_URL_EVENTBRIDGE',
  kinesis: 'AWS_ENDPOINT_URL_KINESIS',
  firehose: 'AWS_ENDPOINT_URL_FIREHOSE',
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
} as const;

export type SinkService = keyof typeof VARIABLES & AwsService;

/** The address that is set, if one is. */
export function addressOf(
  service: SinkService,
  { endpoint }: AwsSinkOptions,
  environment: Environment = process.env,
): string | undefined {
  return endpoint ?? endpointIn(environment, VARIABLES[service]);
}

/** Sends once: what may be repeated is decided by whoever knows what of it was taken. */
export function createSinkSender(
  of: Pick<AwsSenderOptions, 'originIn' | 'timeoutMs' | 'service'>,
  { client, region, clock = systemClock, random = systemRandom }: AwsSinkOptions,
  words: AwsWords,
): AwsSender {
  // Asked with the first request: a module is also loaded where there is no account.
  let own: AwsAccount | undefined;
  const accountOf = (): AwsAccount => {
    own ??= client?.config ?? new DynamoDBClient({}).config;
    return own;
  };
  const account: AwsAccount = {
    region: () => accountOf().region(),
    credentials: () => accountOf().credentials(),
  };
  return createAwsSender({ ...of, account, region, clock, random, attemptsMax: 1 }, words);
}

/** Says what a role lacks, and what is not there: `named`, such as `queue https://…`. */
export const wordsFor = (named: string): Pick<AwsWords, 'remedyFor'> => ({
  remedyFor(code, action) {
    if (/NotFound|NoSuchBucket|NonExistent|DoesNotExist/.test(code))
      return `there is no ${named}: make it, or correct its name`;
    if (/AccessDenied|NotAuthorized|status 403/.test(code))
      return `let the function's role do ${action} on the ${named}`;
    return undefined;
  },
});

/** Calls one operation of a service that speaks JSON, such as `PutRecords`. Rejects with a `StoreError`. */
export type AwsJson = (input: object, signal: AbortSignal) => Promise<Readonly<Record<string, unknown>>>;

export function createAwsJson(
  { service, target, version, named, origin }: JsonOperation,
  options: AwsSinkOptions,
): AwsJson {
  const action = `${service}:${target.slice(target.indexOf('.') + 1)}`;
  const address = addressOf(service, options) ?? origin;
  const originIn = (region: string): string => address ?? endpointOf(service, region);
  const words: AwsWords = { refusalIn, ...wordsFor(named) };
  const send = createSinkSender({ service, originIn }, options, words);
  const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
  return async (input, signal) => {
    const body = JSON.stringify(input);
    const response = await send({ action, method: 'POST', path: '/', headers, body, signal });
    if (response.status !== 200) throw refused(response, action, words);
    const answer = objectIn(response.body.toString());
    if (answer !== undefined) return answer;
    const details = { code: 'BadResponse', outcome: 'unknown', retriable: true } as const;
    throw new StoreError(`${action} failed: an answer that cannot be understood`, details);
  };
}

/**
 * What is said of each entry, where a service answers in their order: an `ErrorCode`, and a message. `mayPass`: of which code it may be
 * taken another time.
 */
export function answersIn(answers: unknown, count: number, mayPass: RegExp): Answer[] {
  if (!Array.isArray(answers) || answers.length !== count) {
    const details = { code: 'BadResponse', outcome: 'unknown', retriable: true } as const;
    throw new StoreError(`the answer does not have ${count} entries, as the request`, details);
  }
  return (answers as { ErrorCode?: string; ErrorMessage?: string }[]).map(
    ({ ErrorCode, ErrorMessage = '' }) => {
      if (!ErrorCode) return DONE;
      const how = mayPass.test(ErrorCode) ? 'again' : 'refused';
      return {
        how,
        error: new ShardbeatError(`it was not taken: ${ErrorCode}: ${ErrorMessage}`, {
          retriable: how === 'again',
        }),
      };
    },
  );
}

export interface JsonOperation {
  readonly service: SinkService;
  /** Such as `AmazonSQS.SendMessageBatch`. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  /** What it is done to, for whoever has to mend a refusal. */
  readonly named: string;
  /** Where that is told by its name; unless set, the region's. */
  readonly origin?: string | undefined;
}
