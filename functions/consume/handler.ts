import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { readSettings } from '../../lib/config/settings.ts';
import { readSlot, type TickEvent } from '../../lib/config/slot.ts';
import { loadProcess } from '../../lib/delivery/loadProcess.ts';
import { presentError } from '../../lib/errors.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { createDynamodbClient } from '../../lib/group/stores/dynamodbClient.ts';
import { observeSkew } from '../../lib/group/stores/serviceClock.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { createSource } from '../../lib/sources/create.ts';
import { createDeadlines } from '../../lib/tick/deadline.ts';
import { metricsLine } from '../../lib/tick/metrics.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import { tick } from '../../lib/tick/tick.ts';

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
  process: await loadProcess(settings.process, import.meta.url),
  ...{ clock, random, logger, skewMs, caches: new Map() },
};

const presented = middy<TickEvent, TickResult, Error, Context>().use({ onError: presentError });
/** One tick of the slot that the event names. The schedule sends `{ "slot": "consumer-0" }`. */
export const handler = presented.handler(async (event, context) => {
  const deadline = deadlineAt(context.getRemainingTimeInMillis());
  const result = await tick(dependencies, settings, { slot: readSlot(event, settings.slots), deadline });
  write(metricsLine(result, { group, now: clock.now() + skewMs() }));
  return result;
});
