/** A source that the function brings itself: `consume(module, { source })`. */
import * as v from 'valibot';
import { SettingsError } from '../errors.ts';
import { count, type Environment, parseEnvironment } from './rules.ts';

/** What settings need to know of it. */
export interface OwnSource {
  kind: string;
  /** Says which stream it is, as `sls://project/logstore` does of SLS. */
  stream: string;
}

const COUNT_MAX = 1_000_000;

const Schema = v.object({
  SHARDBEAT_COUNT_MAX: count(1_000, COUNT_MAX),
  SHARDBEAT_SOURCE: v.optional(v.string()),
});

export const OWN_NAMES: readonly string[] = Object.keys(Schema.entries);

/** Throws a SettingsError for what only sls and cls can be told. */
export function readOwn(
  environment: Environment,
  { kind }: OwnSource,
  coordination: 'own' | 'service',
): { countMax: number } {
  const read = parseEnvironment(Schema, environment);
  const remedy = `leave it out: the function has a source of its own, ${kind}`;
  if (read.SHARDBEAT_SOURCE !== undefined) {
    throw new SettingsError('SHARDBEAT_SOURCE', read.SHARDBEAT_SOURCE, remedy);
  }
  if (coordination !== 'own') throw new SettingsError('SHARDBEAT_COORDINATION', coordination, remedy);
  return { countMax: read.SHARDBEAT_COUNT_MAX };
}
