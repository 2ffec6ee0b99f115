import { parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import type { Fault, FaultRequest, Inject } from './faults.ts';
import { createRandom } from './random.ts';

/** What rules may say of one service. */
export interface FaultVocabulary {
  /** The names of all operations. */
  readonly operations: readonly string[];
  /** Of an operation, a status and a code, such as `PullLogs:403:ShardReadQuotaExceed`. */
  readonly example: string;
  /** Whether some failures have status 200, and are told by their body. */
  readonly failsWith200?: boolean;
}

/** A refusal of some of the requests of an operation, or of all operations (`*`). */
export interface FaultRule {
  readonly operation: string;
  readonly status: number;
  readonly code: string;
  /** From 0 to 1. */
  readonly probability: number;
}

/** A delay of every request of an operation, or of all operations (`*`). */
export interface LatencyRule {
  readonly operation: string;
  readonly delayMs: number;
}

const DELAY_MS_MAX = 10 * 60_000;
const SEED_MAX = 2 ** 32 - 1;
/** Some are in parts: `AuthFailure.SignatureFailure`. */
const CODE = /^[A-Za-z]{1,64}(\.[A-Za-z]{1,64}){0,3}$/;

/** Reads `PullLogs:403:ShardReadQuotaExceed:0.1`; without a probability it is 1. Throws a SettingsError for `field`. */
export function parseFaultRule(field: string, text: string, vocabulary: FaultVocabulary): FaultRule {
  const [operation = '', status = '', code = '', probability = '1', ...rest] = text.split(':');
  const shape = `write OPERATION:STATUS:CODE:PROBABILITY, such as ${vocabulary.example}:0.1`;
  if (rest.length > 0 || !CODE.test(code)) throw new SettingsError(field, text, shape);
  checkOperation(field, text, operation, vocabulary);
  if (!/^[45]\d\d$/.test(status) && !(vocabulary.failsWith200 && status === '200')) {
    const or200 = vocabulary.failsWith200 ? ', or 200' : '';
    throw new SettingsError(field, text, `the status of a failure is a number from 400 to 599${or200}`);
  }
  if (!/^(0|1|1\.0{1,9}|0?\.\d{1,9})$/.test(probability)) {
    throw new SettingsError(field, text, 'a probability is a number from 0 to 1');
  }
  return { operation, status: Number(status), code, probability: Number(probability) };
}

/** Reads `PullLogs:200ms`. Throws a SettingsError for `field`. */
export function parseLatencyRule(field: string, text: string, vocabulary: FaultVocabulary): LatencyRule {
  const [operation = '', duration, ...rest] = text.split(':');
  if (duration === undefined || rest.length > 0) {
    throw new SettingsError(field, text, 'write OPERATION:DURATION, such as PullLogs:200ms');
  }
  checkOperation(field, text, operation, vocabulary);
  const delayMs = parseDuration(field, duration);
  if (delayMs > DELAY_MS_MAX) throw new SettingsError(field, text, 'a delay is at most 10m');
  return { operation, delayMs };
}

/** Reads a seed: a whole number of 32 bits. Throws a SettingsError for `field`. */
export function parseSeed(field: string, text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= SEED_MAX) return Number(text);
  throw new SettingsError(field, text, `write a whole number from 0 to ${SEED_MAX}`);
}

/**
 * What the rules do to each request: first all delays that fit, then the first refusal that comes up. Requests that come
 * in the same order meet the same fate for the same seed.
 */
export function createFaultPlan(
  { faults, latencies }: { faults: readonly FaultRule[]; latencies: readonly LatencyRule[] },
  seed: number,
): Inject<FaultRequest> {
  const random = createRandom(seed);
  return (request) => {
    const fits = (rule: { operation: string }): boolean =>
      rule.operation === '*' || rule.operation === request.operation;
    const delays: Fault[] = latencies.filter(fits).map(({ delayMs }) => ({ delayMs }));
    const refusal = faults.filter(fits).find(({ probability }) => random() < probability);
    return refusal ? [...delays, { status: refusal.status, code: refusal.code }] : delays;
  };
}

function checkOperation(
  field: string,
  text: string,
  operation: string,
  { operations }: FaultVocabulary,
): void {
  if (operation === '*' || operations.includes(operation)) return;
  const remedy = `there is no operation ${operation || '""'}; they are *, ${operations.join(', ')}`;
  throw new SettingsError(field, text, remedy);
}
