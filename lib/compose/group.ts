import type { Settings } from '../config/settings.ts';
import { createDynamodbStore } from '../group/stores/dynamodb.ts';
import { createDynamodbClient } from '../group/stores/dynamodbClient.ts';
import { countRequests, traceRequests } from '../group/stores/dynamodbRequests.ts';
import { observeSkew } from '../group/stores/serviceClock.ts';
import type { Logger } from '../observe/logger.ts';
import type { Meter } from '../observe/meter.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Source } from '../sources/source.ts';
import { ownCoordination } from '../tick/coordination/own.ts';
import { serviceCoordination } from '../tick/coordination/service.ts';
import type { Times } from '../times.ts';
import type { SourceRuntime } from './composed.ts';
import { createDeadLetters } from './deadLetters.ts';
import { composeEventBus } from './eventBus.ts';
import { composeReplayTable } from './replayTable.ts';
import { composeSource } from './source.ts';

interface Runtime {
  clock: Clock;
  random: Random;
  /** Counts what the table and the log service are asked. */
  meter?: Meter | undefined;
  /** Spans of what they are asked. */
  tracing?: Tracing | undefined;
}

/** A group's table, and what its service says of our clock: add `skewMs` to have the group's time. */
export function composeStore(
  of: { table: string; group: string; times: Times },
  { clock, random, meter, tracing }: Runtime,
) {
  const client = createDynamodbClient(of.times, clock);
  if (meter !== undefined) countRequests(client, meter.add);
  if (tracing !== undefined) traceRequests(client, tracing);
  const skewMs = observeSkew(client, clock);
  return { client, skewMs, store: createDynamodbStore({ ...of, client, clock, random }) };
}

const countingIn = ({ add }: Meter): Pick<SourceRuntime, 'onFailure' | 'onAnswer'> => ({
  onFailure: (why) => add(why === 'throttled' ? 'sourceThrottles' : 'sourceFailures'),
  onAnswer: (bytes) => {
    add('sourceRequests');
    add('sourceBytes', bytes);
  },
});

/**
 * Everything that settings name, in the one place that knows it all: table, source, credentials, dead letters, and who assigns the
 * shards.
 * Nothing is sent. `own`: the source that the function brings, where the settings are of one.
 */
export function composeGroup(settings: Settings, runtime: Runtime & { logger: Logger }, own?: Source) {
  const { client, ...table } = composeStore(settings, runtime);
  const deadLetters = createDeadLetters(settings, { ...runtime, ...table, client });
  const { meter } = runtime;
  const sourceRuntime = { ...runtime, aws: client.config, ...(meter && countingIn(meter)) };
  const { source, serviceGroup } = composeSource(settings, sourceRuntime, own);
  const coordination = serviceGroup ? serviceCoordination(serviceGroup) : ownCoordination;
  const eventBus = composeEventBus(settings, { ...runtime, ...table, client });
  const replayTable = composeReplayTable(settings, { ...runtime, ...table, client });
  return { ...table, deadLetters, source, coordination, eventBus, replayTable };
}
