import { SettingsError } from '../../../lib/errors.ts';
import { createFaultPlan } from '../faultPlan.ts';
import type { FaultRequest, Inject } from '../faults.ts';
import { Refusal } from '../refusal.ts';
import type { ServeOptions } from './options.ts';

/** A service that was started, and what to tell a person about it. */
export interface Served {
  readonly service: { close(): Promise<void> };
  readonly banner: string;
}

/** What the options inject, and the seed of it; nothing if there are no faults. */
export function faultsOf(
  options: ServeOptions,
  random: () => number,
): { inject: Inject<FaultRequest>; seed: number } | undefined {
  if (options.faults.length + options.latencies.length === 0) return undefined;
  const seed = options.seed ?? Math.floor(random() * 2 ** 32);
  return { inject: createFaultPlan(options, seed), seed };
}

/** Makes what an option wants; a refusal is one of the option. */
export function makeWanted(option: string, name: string, create: () => void): void {
  try {
    create();
  } catch (error) {
    throw error instanceof Refusal ? new SettingsError(option, name, error.message) : error;
  }
}

/** `SLS on http://127.0.0.1:8080 until Ctrl-C; …`, and a table. */
export function bannerOf(
  { name, url }: { name: string; url: string },
  options: ServeOptions,
  rows: readonly (readonly [label: string, text: string])[],
): string {
  const kept =
    options.data === undefined
      ? 'what it holds is gone when it stops (--data DIR keeps it)'
      : `what it holds is kept in ${options.data}`;
  const width = Math.max(...rows.map(([label]) => label.length));
  const table = rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`).join('\n');
  return `${name} on ${url} until Ctrl-C; ${kept}.\n\n${table}\n`;
}

/** Rows about who may sign requests. */
export function accountRows({ account, isDefaultAccount }: ServeOptions): [string, string][] {
  return [
    ['access key id', account.accessKeyId],
    ['access key secret', isDefaultAccount ? account.accessKeySecret : '(yours)'],
  ];
}

/** `1 shard`, `2 shards` */
export function counted(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
