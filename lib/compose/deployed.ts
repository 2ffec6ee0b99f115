/** What an operator has the deployed function do: it has the key of the log service, and the user's module. */
import type { OperateEvent } from '../config/operate.ts';
import { formatPosition } from '../config/position.ts';
import type { RedriveEvent } from '../config/redrive.ts';
import type { ReplayEvent } from '../config/replay.ts';
import { createInvoke, type InvokeOptions } from '../credentials/lambdaInvoke.ts';
import type { RedriveRequest, RedriveResult } from '../delivery/redrive.ts';
import { formatDuration } from '../duration.ts';
import { StoreError } from '../errors.ts';
import type { Lag } from '../group/lag.ts';
import type { Sought } from '../group/operations.ts';
import type { ReplaySteps } from '../replay/conduct.ts';
import type { ReplayBegun, ReplayTurned } from '../replay/replay.ts';
import type { Position } from '../sources/source.ts';

export interface Deployed {
  lag(signal: AbortSignal): Promise<Lag>;
  seek(
    request: { shard: string; to: Position; dryRun?: boolean | undefined },
    signal: AbortSignal,
  ): Promise<Sought[]>;
  redrive(request: RedriveRequest, signal: AbortSignal): Promise<RedriveResult>;
  replay: ReplaySteps;
}

/** Of one function. Nothing is sent before the first call. */
export function createDeployed(options: InvokeOptions): Deployed {
  const invoke = createInvoke(options);
  async function ask<T>(
    event: OperateEvent | RedriveEvent,
    signal: AbortSignal,
    isAnswer: (it: object) => boolean,
  ) {
    const answer = await invoke(event, signal);
    if (typeof answer === 'object' && answer !== null && isAnswer(answer)) return answer as T;
    const message = `the function ${options.name} does not know this event: deploy it with this version of shardbeat`;
    throw new StoreError(message, { code: 'BadResponse', outcome: 'unknown', retriable: false });
  }
  const askReplay = <T>(replay: ReplayEvent, signal: AbortSignal, field: keyof T & string) =>
    ask<T>({ operate: { replay } }, signal, (answer) => field in answer);
  return {
    replay: {
      begin: (begin, signal) => askReplay<ReplayBegun>({ begin }, signal, 'begun'),
      // A run that is begun is waited for: until it has ended it may write.
      turn: (turn) => askReplay<ReplayTurned>({ turn }, new AbortController().signal, 'outcome'),
    },
    lag: (signal) => ask<Lag>({ operate: { lag: {} } }, signal, (answer) => 'unit' in answer),
    seek: ({ shard, to, dryRun }, signal) => {
      const seek = { shard, to: formatPosition(to), ...(dryRun && { dryRun }) };
      return ask<Sought[]>({ operate: { seek } }, signal, Array.isArray);
    },
    redrive: ({ olderThanMs, youngerThanMs, ...rest }, signal) =>
      ask<RedriveResult>(
        {
          redrive: {
            ...given(rest),
            ...(olderThanMs !== undefined && { olderThan: formatDuration(olderThanMs) }),
            ...(youngerThanMs !== undefined && { youngerThan: formatDuration(youngerThanMs) }),
          },
        },
        signal,
        (answer) => 'redriven' in answer,
      ),
  };
}

/** Without what is undefined. */
function given(request: Omit<RedriveRequest, 'olderThanMs' | 'youngerThanMs'>): RedriveEvent['redrive'] {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}
