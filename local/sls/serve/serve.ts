import { SettingsError } from '../../../lib/errors.ts';
import type { Clock } from '../../../lib/runtime.ts';
import { createFaultPlan } from '../../service/faultPlan.ts';
import { Refusal } from '../../service/refusal.ts';
import { DOCUMENTED_QUOTAS } from '../quotas.ts';
import { type SlsService, startSls } from '../service.ts';
import type { ServeSlsOptions } from './options.ts';

/**
 * Starts the service as its options say, with the projects and logstores that they name.
 *
 * @returns the service, and what to tell a person about it
 * @throws SettingsError as of startSls, or naming `--project` or `--logstore`
 */
export async function serveSls(
  options: ServeSlsOptions,
  { clock, random }: { clock: Clock; random: () => number },
): Promise<{ service: SlsService; banner: string }> {
  const seed = options.seed ?? Math.floor(random() * 2 ** 32);
  const isFaulty = options.faults.length + options.latencies.length > 0;
  const service = await startSls({
    port: options.port,
    accounts: [options.account],
    clock,
    ...(options.data !== undefined && { data: options.data }),
    ...(options.quotas && { quotas: DOCUMENTED_QUOTAS }),
    ...(isFaulty && { inject: createFaultPlan(options, seed) }),
  });
  try {
    makeWanted(service, options);
  } catch (error) {
    await service.close();
    throw error;
  }
  return { service, banner: bannerOf(service, options, isFaulty ? seed : undefined) };
}

/** Makes what is not there yet. What is there stays as it is. */
function makeWanted(service: SlsService, { projects, logstores }: ServeSlsOptions): void {
  const present = service.contents();
  for (const project of projects) {
    if (!present[project]) make('--project', project, () => service.createProject(project));
  }
  for (const { project, name, ...settings } of logstores) {
    if (present[project]?.[name]) continue;
    make('--logstore', name, () => service.createLogstore(project, name, settings));
  }
}

function make(option: string, name: string, create: () => void): void {
  try {
    create();
  } catch (error) {
    throw error instanceof Refusal ? new SettingsError(option, name, error.message) : error;
  }
}

function bannerOf(service: SlsService, options: ServeSlsOptions, seed: number | undefined): string {
  const { url, endpoint } = service;
  const kept =
    options.data === undefined
      ? 'what it holds is gone when it stops (--data DIR keeps it)'
      : `what it holds is kept in ${options.data}`;
  const rows: [string, string][] = [
    ['endpoint', `${endpoint}, for requests to <project>.${endpoint}`],
    ['access key id', options.account.accessKeyId],
    ['access key secret', options.isDefaultAccount ? options.account.accessKeySecret : '(yours)'],
  ];
  if (seed !== undefined) rows.push(['faults', `of seed ${seed}`]);
  for (const [project, logstores] of Object.entries(service.contents())) {
    const described = Object.entries(logstores).map(([name, { length }]) => {
      return `${name} (${length === 1 ? '1 shard' : `${length} shards`})`;
    });
    rows.push([`project ${project}`, described.join(', ') || 'no logstore']);
  }
  const width = Math.max(...rows.map(([label]) => label.length));
  return `SLS on ${url} until Ctrl-C; ${kept}.

${rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`).join('\n')}

Clients speak plain HTTP to it. Where names below localhost do not resolve, or an SDK takes no port, give the SDK any
endpoint, such as http://sls.invalid, and ${url} as its HTTP proxy.
`;
}
