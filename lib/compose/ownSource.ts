import type { OwnSource } from '../config/ownSource.ts';
import { SettingsError } from '../errors.ts';
import type { Source } from '../sources/source.ts';

const METHODS = ['listShards', 'cursorAt', 'pull'] as const;
const KIND = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * What a group holds of a source that the function brings: its stream is named by the source's tags, in their order, as
 * `kafka://cluster/topic`. A group never reads another one. Throws a SettingsError for what is no source.
 */
export function describeOwn(source: Source): OwnSource {
  const missing = METHODS.find((name) => typeof source?.[name] !== 'function');
  if (missing !== undefined) {
    throw new SettingsError(
      'source',
      undefined,
      `give an object of the interface Source: it has no ${missing}()`,
    );
  }
  const { kind, tags } = source;
  if (typeof kind !== 'string' || !KIND.test(kind)) {
    throw new SettingsError('source.kind', kind, 'use 1–32 small letters, digits or -, a letter in front');
  }
  const { source: _kind, ...others } = tags ?? {};
  return { kind, stream: `${kind}://${Object.values(others).join('/')}` };
}
