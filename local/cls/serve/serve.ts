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
import { type ClsService, startCls } from '../service.ts';
import type { ServeClsOptions } from './options.ts';

/**
 * Starts the service as its options say, with the logsets and topics that they name.
 *
 * @throws SettingsError as of startCls, or naming `--logset` or `--topic`
 */
export async function serveCls(
  options: ServeClsOptions,
  { clock, random }: { clock: Clock; random: () => number },
): Promise<Served> {
  const { port, account, data, handOver, fencedCommits, firstOffset } = options;
  const faults = faultsOf(options, random);
  const service = await startCls({
    port,
    accounts: [account],
    clock,
    handOver,
    fencedCommits,
    firstOffset,
    ...(data !== undefined && { data }),
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
function makeAll(service: ClsService, { logsets, topics }: ServeClsOptions): void {
  const present = service.contents();
  for (const logset of logsets) {
    if (!present[logset]) makeWanted('--logset', logset, () => service.createLogset(logset));
  }
  for (const { logset, id, ...settings } of topics) {
    if (present[logset]?.[id]) continue;
    makeWanted('--topic', id, () => service.createTopic(logset, id, settings));
  }
}

function describe(service: ClsService, options: ServeClsOptions, seed: number | undefined): string {
  const { url, port } = service;
  const rows: [string, string][] = [
    ['data endpoint', `${url}, for uploads and pulls`],
    ['API endpoint', `${url}, for everything else`],
    ['region', 'any'],
    ...accountRows(options),
  ];
  if (seed !== undefined) rows.push(['faults', `of seed ${seed}`]);
  for (const [logset, topics] of Object.entries(service.contents())) {
    const described = Object.entries(topics).map(
      ([topic, partitions]) => `topic ${topic} (${counted(partitions.length, 'partition')})`,
    );
    const label = `logset ${logset}`;
    rows.push(
      [label, described[0] ?? 'no topic'],
      ...described.slice(1).map((text) => ['', text] as [string, string]),
    );
  }
  return `${bannerOf({ name: 'CLS', url }, options, rows)}
Clients speak plain HTTP to it. The official Python SDK takes the API endpoint from its environment, and the data endpoint as
its endpoint; Shardbeat takes them as SHARDBEAT_CLS_API_ENDPOINT and SHARDBEAT_CLS_ENDPOINT:

  export YUNAPI_ENDPOINT=${url}
  export SHARDBEAT_CLS_API_ENDPOINT=${url} SHARDBEAT_CLS_ENDPOINT=${url}

SDKs of API 3.0 take 127.0.0.1:${port} as their endpoint, and http as their protocol.
`;
}
