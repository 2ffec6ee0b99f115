/** What Lambda and EventBridge Scheduler say of a deployed function, without the SDK's clients for them. Nothing is changed. */
import { StoreError } from '../errors.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { forEachParallel } from '../parallel.ts';
import type { Clock, Random } from '../runtime.ts';
import { objectIn, refusalIn } from './awsAnswer.ts';
import { type AwsAccount, endpointOf } from './awsCall.ts';
import { type AwsWords, createAwsSender, unusable } from './awsSender.ts';
import { escapeAws } from './awsSignature.ts';

export interface DeployedFunction {
  readonly arn: string;
  readonly runtime: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** `Active` where it can run. */
  readonly state: string;
  /** `Successful` where its last change has arrived. */
  readonly lastUpdate: string;
  /** With secrets, if somebody has put them there. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface DeployedSchedule {
  readonly name: string;
  readonly enabled: boolean;
  /** Such as `rate(1 minute)`. */
  readonly expression: string;
  /** Of its event; undefined where that names none. */
  readonly slot: string | undefined;
  readonly retriesMax: number;
  /** It starts the function that starts all slots. */
  readonly ofStarter?: true;
}

export interface DeployedOptions {
  account: AwsAccount;
  /** URLs; unless set, the services' public ones. */
  endpoints: { lambda?: string | undefined; scheduler?: string | undefined };
  clock: Clock;
  random: Random;
}

type Fields = Record<string, unknown>;

const PAGES_MAX = 50;
const PARALLEL_MAX = 8;
/** The scheduler’s own default. */
const RETRIES_MAX = 185;

/** Each call rejects with a `StoreError`. */
export function createDeployedReader({ endpoints, ...options }: DeployedOptions) {
  const senderOf = (service: 'lambda' | 'scheduler') =>
    createAwsSender(
      { ...options, service, originIn: (region) => endpoints[service] ?? endpointOf(service, region) },
      WORDS,
    );
  const [toLambda, toScheduler] = [senderOf('lambda'), senderOf('scheduler')];
  const ask = async (
    ...[send, request]: [typeof toLambda, Parameters<typeof toLambda>[0]]
  ): Promise<Fields> => understood(await send(request), request.action);

  return {
    async function(name: string, signal: AbortSignal): Promise<DeployedFunction> {
      const action = 'lambda:GetFunctionConfiguration';
      const path = `/2015-03-31/functions/${escapeAws(name)}/configuration`;
      return functionOf(await ask(toLambda, { action, method: 'GET', path, signal }));
    },

    /** Those that start the function, or its starter. */
    async schedules(
      of: { functionArn: string; starterArn: string },
      signal: AbortSignal,
    ): Promise<DeployedSchedule[]> {
      const names = await namesOf(of, (query) =>
        ask(toScheduler, {
          action: 'scheduler:ListSchedules',
          method: 'GET',
          path: '/schedules',
          query,
          signal,
        }),
      );
      const found: DeployedSchedule[] = [];
      await forEachParallel(names, PARALLEL_MAX, async ({ name, groupName, ofStarter }) => {
        const path = `/schedules/${escapeAws(name)}`;
        const request = {
          action: 'scheduler:GetSchedule',
          method: 'GET',
          path,
          query: { groupName },
          signal,
        };
        const schedule = scheduleOf(name, await ask(toScheduler, request));
        found.push(ofStarter ? { ...schedule, ofStarter } : schedule);
      });
      return found.sort((one, other) => (one.name < other.name ? -1 : 1));
    },
  };
}

async function namesOf(
  { functionArn, starterArn }: { functionArn: string; starterArn: string },
  list: (query: Record<string, string>) => Promise<Fields>,
) {
  const names: { name: string; groupName: string; ofStarter: boolean }[] = [];
  let token: unknown;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = { MaxResults: '100', ...(typeof token === 'string' && { NextToken: token }) };
    const { Schedules, NextToken } = await list(query);
    for (const { Name, GroupName, Target } of (Schedules ?? []) as Fields[]) {
      // A version or an alias of it is the function, too.
      const starts = (arn: string) => `${(Target as Fields | undefined)?.Arn ?? ''}:`.startsWith(`${arn}:`);
      const ofStarter = starts(starterArn);
      if (ofStarter || starts(functionArn))
        names.push({ name: String(Name), groupName: String(GroupName ?? 'default'), ofStarter });
    }
    if (typeof NextToken !== 'string' || NextToken === '') return names;
    token = NextToken;
  }
  return names;
}

function functionOf(answer: Fields): DeployedFunction {
  const { Variables = {} } = (answer.Environment ?? {}) as { Variables?: Record<string, string> };
  return {
    arn: String(answer.FunctionArn ?? ''),
    runtime: String(answer.Runtime ?? ''),
    timeoutMs: Number(answer.Timeout ?? 0) * 1_000,
    memoryMb: Number(answer.MemorySize ?? 0),
    state: String(answer.State ?? ''),
    lastUpdate: String(answer.LastUpdateStatus ?? ''),
    environment: Variables,
  };
}

function scheduleOf(name: string, { State, ScheduleExpression, Target }: Fields): DeployedSchedule {
  const { Input, RetryPolicy } = (Target ?? {}) as { Input?: string; RetryPolicy?: Fields };
  const { slot } = objectIn(Input ?? '') ?? {};
  return {
    name,
    enabled: State === 'ENABLED',
    expression: String(ScheduleExpression ?? ''),
    slot: typeof slot === 'string' ? slot : undefined,
    retriesMax: Number(RetryPolicy?.MaximumRetryAttempts ?? RETRIES_MAX),
  };
}

function understood({ status, body }: HttpResponse, action: string): Fields {
  const answer = objectIn(body.toString());
  if (status === 200 && answer !== undefined) return answer;
  if (status === 404) {
    throw new StoreError(`${action} failed: there is none in this region: correct its name, or the region`, {
      code: 'ResourceNotFoundException',
      outcome: 'refused',
      retriable: false,
    });
  }
  throw unusable(action, status);
}

const WORDS: AwsWords = {
  refusalIn,
  remedyFor: (code, action) =>
    /AccessDenied|status 403/.test(code) ? `whoever asks must be allowed ${action}` : undefined,
};
