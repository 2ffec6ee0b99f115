import type { Clock } from '../../../lib/runtime.ts';
import {
  accountRows,
  bannerOf,
  counted,
  faultsOf,
  makeWanted,
  type Served,
} from '../../service/serve/serve.ts';
import { DOCUMENTED_QUOTAS } from '../quotas.ts';
import { type SlsService, startSls } from '../service.ts';
import type { ServeSlsOptions } from './options.ts';

/**
 * Starts the service as its options say, with the projects and logstores that they name.
 *
 * @throws SettingsError as of startSls, or naming `--project` or `--logstore`
 */
export async function serveSls(
  options: ServeSlsOptions,
  { clock, random }: { clock: Clock; random: () => number },
): Promise<Served> {
  const faults = faultsOf(options, random);
  const service = await startSls({
    port: options.port,
    accounts: [options.account],
    clock,
    ...(options.data !== undefined && { data: options.data }),
    ...(options.quotas && { quotas: DOCUMENTED_QUOTAS }),
    ...(faults && { inject: faults.inject }),
  });
  try {
    makeAll(service, options);
  } catch (error) {
    await service.close();
    throw error;
  }
  return { service, banner: describe(service, options, faults?.seed) };
}

/** Makes what is not there yet. What is there stays as it is. */
function makeAll(service: SlsService, { projects, logstores }: ServeSlsOptions): void {
  const present = service.contents();
  for (const project of projects) {
    if (!present[project]) makeWanted('--project', project, () => service.createProject(project));
  }
  for (const { project, name, ...settings } of logstores) {
    if (present[project]?.[name]) continue;
    makeWanted('--logstore', name, () => service.createLogstore(project, name, settings));
  }
}

function describe(service: SlsService, options: ServeSlsOptions, seed: number | undefined): string {
  const { url, endpoint } = service;
  const rows: [string, string][] = [
    ['endpoint', `${endpoint}, for requests to <project>.${endpoint}`],
    ...accountRows(options),
  ];
  if (seed !== undefined) rows.push(['faults', `of seed ${seed}`]);
  for (const [project, logstores] of Object.entries(service.contents())) {
    const described = Object.entries(logstores).map(
      ([name, shards]) => `${name} (${counted(shards.length, 'shard')})`,
    );
    rows.push([`project ${project}`, described.join(', ') || 'no logstore']);
  }
  return `${bannerOf({ name: 'SLS', url }, options, rows)}
Clients speak plain HTTP to it. Where names below localhost do not resolve, or an SDK takes no port, give the SDK any
endpoint, such as http://sls.invalid, and ${url} as its HTTP proxy.
`;
}
