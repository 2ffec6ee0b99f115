/** How records are given to the user's function, and what becomes of those that it does not take. */
import * as v from 'valibot';
import { AGE_MS_MAX, formatDuration, parseDuration } from '../duration.ts';
import { SettingsError } from '../errors.ts';
import type { Times } from '../times.ts';
import { count, oneOf } from './rules.ts';

export interface DeliverySettings {
  /** How often a record must have failed before it may be given up, with the batch in which it was found, too. */
  attemptsMax: number;
  /** What becomes of a record that is given up: it becomes a dead letter, or its shard stops there. */
  onPoison: 'deadLetter' | 'block';
  /** Most records of one call of `eachBatch`, or of one batch of which `eachRecord` is given all; Infinity = no limit. */
  recordsMax: number;
  /** When a range that comes again is sure to end where it did: after a refusal, or after a crash, too. */
  identity: 'refused' | 'durable';
  /** Records that are older become dead letters unread. Undefined: never. */
  ageMaxMs: number | undefined;
  /** Pulls of a shard are joined until they have this size; 0: they are not joined. */
  bytesMin: number;
  /** How old a batch that is too small may become before it is given all the same; 0: none waits. */
  waitMaxMs: number;
  /** Records of one shard that `eachRecord` is given at once. */
  recordsParallelMax: number;
}

const MIB = 1024 * 1024;
/** All of a joined batch is in memory, of each shard that is worked on. */
const BATCH_BYTES_MAX = 64 * MIB;

/** Of `Schema` in settings.ts: read whatever the source is. */
export const DeliveryEntries = {
  SHARDBEAT_ATTEMPTS_MAX: count(5, 100),
  SHARDBEAT_ON_POISON: oneOf(['deadLetter', 'block'], 'deadLetter'),
  SHARDBEAT_BATCH_RECORDS_MAX: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,9}$/, 'write a whole number from 1, or leave it out for no limit'),
    ),
  ),
  SHARDBEAT_BATCH_IDENTITY: oneOf(['refused', 'durable'], 'refused'),
  SHARDBEAT_RECORD_AGE_MAX: v.optional(v.string()),
  SHARDBEAT_BATCH_BYTES_MIN: v.optional(
    v.pipe(v.string(), v.regex(/^[1-9]\d{0,9}$/, `write a whole number from 1 to ${BATCH_BYTES_MAX}`)),
  ),
  SHARDBEAT_BATCH_WAIT_MAX: v.optional(v.string()),
  SHARDBEAT_RECORDS_PARALLEL_MAX: count(1, 1_000),
};

type Read = v.InferOutput<v.ObjectSchema<typeof DeliveryEntries, undefined>>;

/** Checks together what belongs together. Throws a SettingsError for the first variable that cannot be used. */
export function readDelivery(read: Read, times: Times): DeliverySettings {
  const joining = readJoining(read, times);
  return {
    attemptsMax: read.SHARDBEAT_ATTEMPTS_MAX,
    onPoison: read.SHARDBEAT_ON_POISON,
    recordsMax: Number(read.SHARDBEAT_BATCH_RECORDS_MAX ?? Number.POSITIVE_INFINITY),
    identity: read.SHARDBEAT_BATCH_IDENTITY,
    ageMaxMs: readAge(read, times, joining.waitMaxMs),
    ...joining,
    recordsParallelMax: read.SHARDBEAT_RECORDS_PARALLEL_MAX,
  };
}

function readJoining(read: Read, { intervalMs }: Times): { bytesMin: number; waitMaxMs: number } {
  const { SHARDBEAT_BATCH_BYTES_MIN: bytes, SHARDBEAT_BATCH_WAIT_MAX: wait } = read;
  if (bytes === undefined && wait === undefined) return { bytesMin: 0, waitMaxMs: 0 };
  if (bytes === undefined) {
    const remedy = 'set it as well: the size from which on a batch does not wait, such as 1048576';
    throw new SettingsError(
      'SHARDBEAT_BATCH_BYTES_MIN',
      undefined,
      `${remedy}; SHARDBEAT_BATCH_WAIT_MAX needs it`,
    );
  }
  if (wait === undefined) {
    const remedy = 'set it as well: how long a batch that is too small may wait, such as 10m';
    throw new SettingsError(
      'SHARDBEAT_BATCH_WAIT_MAX',
      undefined,
      `${remedy}; SHARDBEAT_BATCH_BYTES_MIN needs it`,
    );
  }
  const bytesMin = Number(bytes);
  if (bytesMin > BATCH_BYTES_MAX) {
    const remedy = `write a whole number from 1 to ${BATCH_BYTES_MAX}: all of a batch is in memory`;
    throw new SettingsError('SHARDBEAT_BATCH_BYTES_MIN', bytes, remedy);
  }
  const waitMaxMs = parseDuration('SHARDBEAT_BATCH_WAIT_MAX', wait);
  if (waitMaxMs < intervalMs) {
    const remedy = `what waits is looked at again an interval later: choose ${formatDuration(intervalMs)} or more`;
    throw new SettingsError('SHARDBEAT_BATCH_WAIT_MAX', wait, remedy);
  }
  return { bytesMin, waitMaxMs };
}

/** A record that waits because it is meant to, or because a slot has died, must not be too old for that. */
function readAge(read: Read, { sessionTimeoutMs }: Times, waitMaxMs: number): number | undefined {
  const text = read.SHARDBEAT_RECORD_AGE_MAX;
  if (text === undefined) return undefined;
  const ageMaxMs = parseDuration('SHARDBEAT_RECORD_AGE_MAX', text, AGE_MS_MAX);
  const refuse = (remedy: string): never => {
    throw new SettingsError('SHARDBEAT_RECORD_AGE_MAX', text, remedy);
  };
  if (ageMaxMs <= sessionTimeoutMs) {
    const least = `choose more than ${formatDuration(sessionTimeoutMs)}`;
    refuse(`the records of a slot that has died wait for its session to end: ${least}`);
  }
  if (ageMaxMs <= waitMaxMs) {
    refuse(
      `batches may wait for as long: choose more than SHARDBEAT_BATCH_WAIT_MAX (${formatDuration(waitMaxMs)})`,
    );
  }
  return ageMaxMs;
}
