import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { readSettings } from '../../lib/config/settings.ts';
import { readSlot, type TickEvent } from '../../lib/config/slot.ts';
import { loadProcess } from '../../lib/delivery/loadProcess.ts';
import { createDynamodbStore } from '../../lib/group/stores/dynamodb.ts';
import { observeSkew } from '../../lib/group/stores/serviceClock.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { createSlsSource } from '../../lib/sources/sls/source.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import { tick } from '../../lib/tick/tick.ts';

const settings = readSettings(process.env);
const logger = createLogger({
  level: settings.logLevel,
  write: (line) => process.stdout.write(`${line}\n`),
  now: clock.now,
  fields: { group: settings.group },
});
const client = new DynamoDBClient({
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
});
const dependencies = {
  store: createDynamodbStore({ client, table: settings.table, group: settings.group, clock, random }),
  source: createSlsSource({ ...settings.sls, clock, random }),
  process: await loadProcess(settings.process, import.meta.url),
  clock,
  skewMs: observeSkew(client, clock),
  random,
  logger,
  caches: new Map(),
};

/** One tick of the slot that the event names. The schedule sends `{ "slot": "consumer-0" }`. */
export const handler = middy<TickEvent, TickResult, Error, Context>().handler((event, context) => {
  const deadline = clock.now() + context.getRemainingTimeInMillis();
  return tick(dependencies, settings, { slot: readSlot(event), deadline });
});
