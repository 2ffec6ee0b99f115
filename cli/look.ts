/** What is known of a group at one time: what its table holds, and what the log service tells. */
import { messageOf } from '../lib/observe/plainError.ts';
import type { Description, Lag, OpenGroup } from '../lib/operations.ts';
import type { Target } from './target.ts';

export interface Look {
  readonly group: string;
  readonly place: string;
  /** When it was looked, by this machine's clock. */
  readonly at: number;
  readonly description: Description;
  /** Undefined: the log service was not asked, or did not answer. */
  readonly lag: Lag | undefined;
  /** How many there are; undefined where that cannot be told. */
  readonly deadLetters: number | undefined;
  /** What is missing, and why. */
  readonly missing: readonly string[];
}

export interface LookOptions {
  readonly now: number;
  readonly signal: AbortSignal;
  /** Whether the log service is asked. */
  readonly askService: boolean;
  /** How long the stream is kept, where the service does not tell. */
  readonly retentionMs?: number | undefined;
}

type Asked = Pick<Target, 'group' | 'place' | 'asks'>;

/** The table has to answer; what else fails is missing. */
export async function lookAt(target: Asked, group: OpenGroup, options: LookOptions): Promise<Look> {
  const { signal, now, askService } = options;
  const description = await group.describe({ signal });
  const isThere = description.status !== 'absent';
  const [service, letters] = await Promise.all([
    askService && isThere ? askedService(target, group, options) : NOT_ASKED,
    isThere ? toldOrMissing('dead letters', group.countDeadLetters({ signal }), signal) : NOT_TOLD,
  ]);
  return {
    group: target.group,
    place: target.place,
    at: now,
    description,
    lag: service.lag,
    deadLetters: letters.told,
    missing: [...service.missing, ...letters.missing],
  };
}

const NOT_TOLD = { told: undefined, missing: [] };
const NOT_ASKED: ServiceAnswer = { lag: undefined, missing: [] };

/** What the log service has told, and what is missing of it. */
export interface ServiceAnswer {
  readonly lag: Lag | undefined;
  readonly missing: readonly string[];
}

/** Asks the log service, itself or through the function. Rejects only when the signal has aborted. */
export async function askedService(
  { asks }: Pick<Target, 'asks'>,
  group: OpenGroup,
  { signal, retentionMs }: Pick<LookOptions, 'signal' | 'retentionMs'>,
): Promise<ServiceAnswer> {
  if (asks === 'nobody') {
    const remedy = 'with --function NAME the deployed function does';
    return { lag: undefined, missing: [`the lag: nobody here can ask the log service; ${remedy}`] };
  }
  const { told: lag, missing } = await toldOrMissing('the lag', lagWith(group, retentionMs, signal), signal);
  const isKept = lag?.retentionError === undefined || retentionMs !== undefined;
  const retention = isKept ? [] : [`the retention (give it with --retention): ${lag.retentionError}`];
  return { lag, missing: [...missing, ...retention] };
}

async function toldOrMissing<T>(
  what: string,
  asked: Promise<T>,
  signal: AbortSignal,
): Promise<{ told: T | undefined; missing: readonly string[] }> {
  try {
    return { told: await asked, missing: [] };
  } catch (error) {
    signal.throwIfAborted();
    return { told: undefined, missing: [`${what}: ${messageOf(error)}`] };
  }
}

/** With the time that is left, where only the retention is not told. */
export async function lagWith(
  group: OpenGroup,
  retentionMs: number | undefined,
  signal: AbortSignal,
): Promise<Lag> {
  const lag = await group.lag({ signal });
  if (retentionMs === undefined) return lag;
  const shards = lag.shards.map((shard) => {
    const { lagMs, leftMs } = shard;
    if (leftMs !== undefined || lagMs === undefined || lagMs === 0) return shard;
    return { ...shard, leftMs: Math.max(0, retentionMs - lagMs) };
  });
  return { ...lag, shards };
}

/** Over all shards; undefined where no shard tells. */
export function totalOf(lag: Lag) {
  const known = <K extends 'positions' | 'lagMs' | 'leftMs'>(name: K): number[] =>
    lag.shards.flatMap((shard) => shard[name] ?? []);
  const [positions, lags, lefts] = [known('positions'), known('lagMs'), known('leftMs')];
  return {
    positions: positions.length === 0 ? undefined : positions.reduce((sum, count) => sum + count, 0),
    lagMs: lags.length === 0 ? undefined : Math.max(...lags),
    leftMs: lefts.length === 0 ? undefined : Math.min(...lefts),
    failed: lag.shards.filter(({ error }) => error !== undefined).length,
  };
}
