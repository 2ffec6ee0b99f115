import middy, { type MiddyfiedHandler } from '@middy/core';
import type { Context } from 'aws-lambda';
import { readSettings } from './config/settings.ts';
import { readSlot, type TickEvent } from './config/slot.ts';
import { userFunctionOf } from './delivery/userFunction.ts';
import type { UserModule } from './delivery/userModule.ts';
import { presentError } from './errors.ts';
import { createDynamodbStore } from './group/stores/dynamodb.ts';
import { createDynamodbClient } from './group/stores/dynamodbClient.ts';
import { observeSkew } from './group/stores/serviceClock.ts';
import { createLogger } from './observe/logger.ts';
import { systemClock as clock, systemRandom as random } from './runtime.ts';
import { createSource } from './sources/create.ts';
import { createDeadlines } from './tick/deadline.ts';
import { metricsLine } from './tick/metrics.ts';
import type { TickResult } from './tick/result.ts';
import { tick } from './tick/tick.ts';

/** The function's handler: one tick of the slot that its event names, as a middy handler, so that `.use()` takes middleware. */
export type Consumer = MiddyfiedHandler<TickEvent, TickResult, Error, Context>;

/**
 * Makes the handler of a function that consumes a stream: `export const handler = consume({ eachBatch })`. Its schedules send
 * `{ "slot": "consumer-0" }` and so on.
 *
 * Reads the settings from the environment, once and now: a function that cannot work does not start. Throws a SettingsError for
 * one that cannot be used, or for a module without the user's function.
 */
export function consume(module: UserModule): Consumer {
  const settings = readSettings(process.env);
  const { group, table, logLevel: level } = settings;
  const write = (line: string) => process.stdout.write(`${line}\n`);
  const logger = createLogger({ level, write, now: clock.now, fields: { group } });
  for (const unknown of settings.unknown) logger.warn('settings.unknown', { ...unknown });
  const client = createDynamodbClient(settings.times, clock);
  const skewMs = observeSkew(client, clock);
  const deadlineAt = createDeadlines(settings.times, { clock, logger });
  const dependencies = {
    store: createDynamodbStore({ client, table, group, clock, random }),
    ...createSource(settings, { clock, random, logger, aws: client.config }),
    eachBatch: userFunctionOf(module),
    ...{ clock, random, logger, skewMs, caches: new Map() },
  };
  const presented = middy<TickEvent, TickResult, Error, Context>().use({ onError: presentError });
  return presented.handler(async (event, context) => {
    const deadline = deadlineAt(context.getRemainingTimeInMillis());
    const result = await tick(dependencies, settings, { slot: readSlot(event, settings.slots), deadline });
    write(metricsLine(result, { group, now: clock.now() + skewMs() }));
    return result;
  });
}
