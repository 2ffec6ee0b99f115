import { combineSources } from '../combined.ts';
import type { Source } from '../source.ts';
import { createSlsSource, type SlsSourceOptions } from './source.ts';
import { createTransport } from './transport.ts';

export interface SlsStreamOptions extends Omit<SlsSourceOptions, 'logstore'> {
  /** Of one project. */
  logstores: readonly [string, ...string[]];
}

/**
 * What one group reads: a logstore, with its shards' own ids (`0`), or several, with `logstore:0`. They share their connections.
 * Throws a SettingsError for options that cannot be used; nothing is sent before the first call.
 */
export function createSlsStream({ logstores, ...options }: SlsStreamOptions): Source {
  const [only, ...others] = logstores;
  if (others.length === 0) return createSlsSource({ ...options, logstore: only });
  const transport = createTransport(options);
  const sources = logstores.map((logstore) => [
    logstore,
    createSlsSource({ ...options, logstore, transport }),
  ]);
  return combineSources(Object.fromEntries(sources));
}
