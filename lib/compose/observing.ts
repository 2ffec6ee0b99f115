import type { Settings } from '../config/settings.ts';
import { SettingsError } from '../errors.ts';
import { type AnyLogger, asLogger, isLogger, LOGGER_REMEDY } from '../observe/anyLogger.ts';
import { createLogger } from '../observe/logger.ts';
import { createMeter } from '../observe/meter.ts';
import {
  isOpenTelemetry,
  OPEN_TELEMETRY_REMEDY,
  type OpenTelemetry,
  openTelemetryRecorder,
  openTelemetryTracing,
} from '../observe/openTelemetry.ts';
import { noTracing } from '../observe/tracing.ts';
import type { Clock } from '../runtime.ts';

/** What the user brings to see what happens. */
export interface Observers {
  logger?: AnyLogger | undefined;
  openTelemetry?: OpenTelemetry | undefined;
}

/** Where a function's events, counts and spans go. Throws a SettingsError for what is no logger, and no OpenTelemetry. */
export function composeObserving(
  { logger, openTelemetry }: Observers,
  { group, logLevel }: Pick<Settings, 'group' | 'logLevel'>,
  { clock, write }: { clock: Clock; write: (line: string) => void },
) {
  if (logger !== undefined && !isLogger(logger)) {
    throw new SettingsError('logger', typeof logger, LOGGER_REMEDY);
  }
  if (openTelemetry !== undefined && !isOpenTelemetry(openTelemetry)) {
    throw new SettingsError('openTelemetry', typeof openTelemetry, OPEN_TELEMETRY_REMEDY);
  }
  const usual = () => createLogger({ level: logLevel, write, now: clock.now });
  const meter = createMeter(clock);
  meter.add('coldStarts');
  return {
    logger: (logger === undefined ? usual() : asLogger(logger)).with({ group }),
    meter,
    tracing: openTelemetry === undefined ? noTracing : openTelemetryTracing(openTelemetry),
    record: openTelemetry && openTelemetryRecorder(openTelemetry),
  };
}
