import { systemRandom } from '../../../lib/runtime.ts';
import { createSlsWriter } from '../../../local/clients/sls/writer.ts';
import { startSls } from '../../../local/sls/service.ts';
import type { StartStream } from './stream.ts';

const PROJECT = 'shardbeat-chaos';
const LOGSTORE = 'lines';
const KEY = { accessKeyId: 'local', accessKeySecret: 'local-secret' };

/** One logstore of SLS. */
export const startSlsStream: StartStream = async ({ shards, clock }) => {
  const sls = await startSls({ accounts: [KEY], clock });
  sls.createProject(PROJECT);
  sls.createLogstore(PROJECT, LOGSTORE, { shards });
  const producer = createSlsWriter({
    endpoint: sls.url,
    project: PROJECT,
    logstore: LOGSTORE,
    region: 'local',
    credentials: () => KEY,
    clock,
    random: systemRandom,
  });
  const idsOf = (status: 'readwrite' | 'readonly'): string[] =>
    sls
      .contents()
      [PROJECT]![LOGSTORE]!.filter((shard) => shard.status === status)
      .sort((a, b) => (a.inclusiveBeginKey < b.inclusiveBeginKey ? -1 : 1))
      .map(({ shardID }) => String(shardID));
  return {
    environment: environmentOf(sls.url),
    put: (hashKey, logs, signal) =>
      producer.putLogs({ topic: 'chaos', source: '127.0.0.1', logs }, { hashKey }, signal),
    openShards: () => idsOf('readwrite'),
    mergeableShards: () => idsOf('readwrite').slice(0, -1),
    closedShards: () => idsOf('readonly'),
    split: (shard) => void sls.split(PROJECT, LOGSTORE, Number(shard)),
    merge: (shard) => void sls.merge(PROJECT, LOGSTORE, Number(shard)),
    endCursors: () => sls.endCursors(PROJECT, LOGSTORE),
    close: sls.close,
  };
};

function environmentOf(url: string): Record<string, string> {
  return {
    SHARDBEAT_SOURCE: 'sls',
    // Little more than what comes in: so a fault leaves a backlog for a while, also in a shard that is then split.
    SHARDBEAT_COUNT_MAX: '6',
    SHARDBEAT_BATCHES_MAX: '2',
    SHARDBEAT_SLS_ENDPOINT: url,
    SHARDBEAT_SLS_PROJECT: PROJECT,
    SHARDBEAT_SLS_LOGSTORE: LOGSTORE,
    SHARDBEAT_SLS_REGION: 'local',
    SHARDBEAT_SLS_ACCESS_KEY_ID: KEY.accessKeyId,
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: KEY.accessKeySecret,
  };
}
